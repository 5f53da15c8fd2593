import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RcAnswer } from '../../../adapters/rclone/rc-call.ts';
import { type Walk, WalkStopped, walkBackend } from '../../../adapters/rclone/walk-backend.ts';
import { systemClock } from '../../../adapters/system-clock.ts';
import type { ObjectSummary } from '../../../core/inventory/inventory-row.ts';

let scratchFolder: string;
beforeEach(async () => {
  scratchFolder = await mkdtemp(join(tmpdir(), 'drover-walk-'));
});
afterEach(() => rm(scratchFolder, { recursive: true, force: true }));

const ModTime = '2026-01-01T00:00:00.123456789Z';
const file = (Path: string, Size = 1) => ({ Path, Size, ModTime, IsDir: false });
const dir = (Path: string) => ({ Path, Size: -1, ModTime, IsDir: true });
const failed = (error: string): RcAnswer => ({ outcome: 'failed', status: 500, error });

/** A backend by folder; `refuses` answers instead for as long as it gives something. */
function backend(
  folders: Record<string, unknown[]>,
  refuses: (folder: string) => RcAnswer | null = () => null,
) {
  const asked: string[] = [];
  const daemon: Walk['daemon'] = {
    async call(path, { remote }) {
      if (path === 'operations/stat')
        return { outcome: 'done', body: { item: String(remote) in folders ? {} : null } };
      return { outcome: 'done', body: {} };
    },
    async list(_, { remote }, take) {
      const folder = String(remote);
      asked.push(folder);
      const refusal = refuses(folder);
      if (refusal !== null) return refusal;
      const entries = folders[folder];
      if (entries === undefined) return failed('error in ListJSON: directory not found');
      for (const entry of entries) await take([entry]);
      return { outcome: 'done', body: null };
    },
  };
  return { daemon, asked };
}

async function walked(daemon: Walk['daemon'], changes: Partial<Walk> = {}) {
  const found: ObjectSummary[] = [];
  const requests = await walkBackend(
    {
      daemon,
      remote: { type: 'local', _root: '/' },
      prefix: '',
      scratchFolder,
      clock: systemClock,
      log: () => undefined,
      stop: new AbortController().signal,
      withoutSecrets: (text) => text.replaceAll('hush', '***'),
      firstPauseMs: 1,
      attempts: 3,
      ...changes,
    },
    async (objects) => void found.push(...objects),
  );
  return { found, keys: found.map(({ key }) => key).sort(), requests };
}

describe('a walk through a backend', () => {
  it('finds every file of every folder, however many folders wait', async () => {
    const folders: Record<string, unknown[]> = { '': [] };
    const keys: string[] = [];
    for (let n = 0; n < 3000; n++) {
      folders['']?.push(dir(`d${n}`));
      folders[`d${n}`] = [file(`d${n}/x`)];
      keys.push(`d${n}/x`);
    }
    const { daemon } = backend(folders);
    const { keys: found, requests } = await walked(daemon);
    expect(found).toEqual(keys.sort());
    expect(requests).toEqual({ ListFolder: 3001 });
  });

  it('goes only into folders that can hold keys of the prefix', async () => {
    const { daemon, asked } = backend({
      '': [dir('a'), dir('b'), file('ab')],
      a: [dir('a/b'), dir('a/c'), file('a/bx')],
      'a/b': [file('a/b/1')],
      'a/c': [file('a/c/1')],
    });
    expect((await walked(daemon, { prefix: 'a/b' })).keys).toEqual(['a/b/1', 'a/bx']);
    expect(asked).toEqual(['', 'a', 'a/b']);
  });

  it('tries a folder again that was refused, and counts the tries', async () => {
    let refusals = 2;
    const { daemon } = backend({ '': [dir('a')], a: [file('a/1')] }, (folder) =>
      folder === 'a' && refusals-- > 0 ? failed('couldn’t list: 500 Internal Server Error') : null,
    );
    const { keys, requests } = await walked(daemon);
    expect(keys).toEqual(['a/1']);
    expect(requests).toEqual({ ListFolder: 4 });
  });

  it('ends with the name of a folder that cannot be listed, without a secret', async () => {
    const { daemon } = backend({ '': [dir('a'), dir('b')], a: [], b: [] }, (folder) =>
      folder === 'b' ? failed('broken for hush') : null,
    );
    await expect(walked(daemon)).rejects.toMatchObject({
      name: 'ListingFailed',
      message: expect.stringContaining(
        'the folder "b" of the source cannot be listed (broken for ***, after 3 tries)',
      ),
    });
  });

  it('takes a folder for deleted only when its parent does not show it any more', async () => {
    const { daemon } = backend({ '': [dir('gone'), file('k')] });
    expect((await walked(daemon)).keys).toEqual(['k']);
    const there = backend({ '': [dir('there')], there: [] }, (folder) =>
      folder === 'there' ? failed('directory not found') : null,
    );
    await expect(walked(there.daemon)).rejects.toMatchObject({ name: 'ListingFailed' });
  });

  it('never asks again for a folder of which a part was handed over', async () => {
    const { daemon } = backend({ '': [] });
    const half: Walk['daemon'] = {
      ...daemon,
      async list(_path, _parameters, take) {
        await take([file('a')]);
        return { outcome: 'lost', reason: 'rclone hung up' };
      },
    };
    await expect(walked(half)).rejects.toMatchObject({ name: 'SourceUnreachable' });
  });

  it.each([
    ['couldn’t list: 401 Unauthorized', 'SourceDenied'],
    ['open /x: permission denied', 'SourceDenied'],
    ['directory not found', 'SourceUnreachable'],
    ['didn\'t find backend called "nosuch"', 'SourceUnreachable'],
  ])('says at once why the source cannot be used: %s', async (said, name) => {
    const { daemon, asked } = backend({}, () => failed(said));
    await expect(walked(daemon)).rejects.toMatchObject({ name });
    expect(asked).toEqual(['']);
  });

  it('names files of unknown size and folders that have no name', async () => {
    const { daemon } = backend({ '': [file('doc', -1), dir('bad\ufffd')] });
    const { found } = await walked(daemon);
    expect(found).toMatchObject([
      { key: 'doc', sizeBytes: 0, problem: expect.stringContaining('size') },
      { key: 'bad\ufffd/', problem: expect.stringContaining('folder') },
    ]);
  });

  it('stops when it is told to', async () => {
    const stop = new AbortController();
    stop.abort();
    await expect(walked(backend({ '': [] }).daemon, { stop: stop.signal })).rejects.toBeInstanceOf(
      WalkStopped,
    );
  });
});
