import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RcloneServer, servedPassword, serveFolder, serves } from '../support/rclone-server.ts';
import { bodyOf, contentOf, type TwoBuckets, twoBuckets } from '../support/two-buckets.ts';

let buckets: TwoBuckets;
let folder: string;
let server: RcloneServer | null = null;

beforeEach(async () => {
  buckets = await twoBuckets();
  folder = await mkdtemp(join(tmpdir(), 'drover-files-'));
});
afterEach(async () => {
  await server?.stop();
  server = null;
  await buckets.close();
  await rm(folder, { recursive: true, force: true });
});

/** Files whose times are past, as those of a source mostly are. */
async function write(files: ReadonlyMap<string, string>): Promise<void> {
  for (const [name, content] of files) {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
    await utimes(path, 1_700_000_000, 1_700_000_000);
  }
}

const hardNames = [
  'a b+c&d=e?f#g',
  'größe/ñ.bin',
  'emoji-🐂/𐀀',
  'back\\slash',
  'tab\there',
  'line\nbreak',
  '~tilde',
  '.hidden/.x',
  'dot.',
  'name ',
  ' lead',
  '%41%zz',
  '"quoted"',
  "it's",
  '*star*',
  'colon:',
  'full／width',
  '．',
];

function manyFiles(): Map<string, string> {
  const files = new Map<string, string>();
  for (let n = 0; n < 200; n++) files.set(`flat/${n}.txt`, `content ${n}`);
  for (let n = 0; n < 100; n++) files.set(`${'deep/'.repeat(n % 20)}d${n % 7}/file-${n}`, `d${n}`);
  for (const name of hardNames) files.set(`hard/${name}`, `content of ${name}`);
  files.set('empty', '');
  files.set('sub/empty too', '');
  return files;
}

/** What is left behind on this machine, as text. */
async function everythingWritten(): Promise<string> {
  const names = await readdir(buckets.out, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile() && entry.name !== 'secrets.json');
  const texts = await Promise.all(
    files.map((entry) => readFile(join(entry.parentPath, entry.name), 'latin1')),
  );
  return texts.join('\n');
}

describe('a source of type "rclone"', { timeout: 180_000 }, () => {
  it('is migrated whole from the local disk, and a second pass copies nothing', async () => {
    const files = manyFiles();
    await write(files);
    buckets.request.source = { type: 'rclone', backend: 'local', path: folder, secret: null };
    const first = await buckets.migrate();
    expect(first.error).toBeNull();
    expect(first.report?.exceptions).toEqual([]);
    expect(first.report?.status).toBe('SUCCEEDED');
    expect(await contentOf(buckets.to)).toEqual(
      new Map([...files].map(([name, content]) => [name, Buffer.from(content).toString('latin1')])),
    );
    expect(first.report?.outcomes.copied.objects).toBe(files.size);
    expect(first.report?.verification).toMatchObject({
      verified: files.size,
      provenBySize: files.size,
      extra: 0,
    });
    expect(first.report?.source).toMatchObject({ provider: 'rclone', bucket: `local:${folder}` });

    buckets.destination.requests.reset();
    await write(new Map([['flat/new', 'new']]));
    const second = await buckets.migrate();
    expect(second.report?.outcomes).toMatchObject({
      unchanged: { objects: files.size },
      copied: { objects: 1 },
    });
    expect(buckets.destination.requests.count('PutObject'), 'the new file and the probe').toBe(2);
    expect(await readdir(join(buckets.out, 'spool', 'test')), 'the spool is gone').toEqual([]);
  });

  it('is migrated whole from a WebDAV server with a password that nothing writes anywhere', async () => {
    const files = manyFiles();
    await write(files);
    server = await serveFolder(folder, 'webdav');
    await buckets.writeSecrets({ '/migration/source_rclone_config': JSON.stringify(server.options) });
    buckets.request.source = { type: 'rclone', backend: 'webdav' };
    const { report, error } = await buckets.migrate();
    expect(error).toBeNull();
    expect(report?.exceptions).toEqual([]);
    expect(report?.status).toBe('SUCCEEDED');
    expect(report?.outcomes.copied.objects).toBe(files.size);
    expect([...(await contentOf(buckets.to)).keys()].sort()).toEqual([...files.keys()].sort());
    const written = await everythingWritten();
    expect(written).toContain('source-walked');
    expect(written.includes(servedPassword)).toBe(false);
    expect(written.includes(server.options.pass ?? '')).toBe(false);
    const second = await buckets.migrate();
    expect(second.report?.outcomes).toMatchObject({
      unchanged: { objects: files.size },
      copied: { objects: 0 },
    });
  });

  it('is migrated whole from an FTP server', async ({ skip }) => {
    if (!(await serves('ftp'))) skip('this rclone was built without an FTP server, as Debian builds it');
    const files = new Map([
      ['empty', ''],
      ['a b.txt', 'ab'],
      ['größe/deep/er/x', 'x'],
    ]);
    await write(files);
    server = await serveFolder(folder, 'ftp');
    const section = Object.entries(server.options).map(([option, value]) => `${option} = ${value}`);
    await buckets.writeSecrets({ '/my/ftp': ['[nas]', 'type = ftp', ...section].join('\n') });
    buckets.request.source = { type: 'rclone', backend: 'ftp', secret: '/my/ftp' };
    const { report } = await buckets.migrate();
    expect(report?.exceptions).toEqual([]);
    expect(report?.status).toBe('SUCCEEDED');
    expect(await contentOf(buckets.to)).toEqual(files);
  });

  it('names what was deleted or overwritten after it was listed', async () => {
    await write(new Map([...Array(12).keys()].map((n) => [`k${n}`, `v${n}`])));
    await write(
      new Map([
        ['gone', 'soon'],
        ['late', 'first'],
        ['grown', 'small'],
      ]),
    );
    buckets.request.source = { type: 'rclone', backend: 'local', path: folder, secret: null };
    let touched: Promise<void> | null = null;
    const { report } = await buckets.migrate({
      during: ({ states, listingFinished }) => {
        const { faults } = buckets.destination;
        if (touched !== null) return;
        // Nothing is copied between the preflight and what happens to the source.
        if (states.some(({ name }) => name === 'List source'))
          faults.errorRate = [{ operation: 'PutObject', status: 503, probability: 1 }];
        if (!listingFinished) return;
        touched = (async () => {
          await rm(join(folder, 'gone'));
          await writeFile(join(folder, 'late'), 'other');
          await writeFile(join(folder, 'grown'), 'has grown');
          faults.errorRate = [];
        })();
      },
    });
    await touched;
    expect(report?.status).toBe('FINISHED_WITH_EXCEPTIONS');
    expect(report?.exceptions.map(({ key, kind }) => ({ key, kind }))).toEqual([
      { key: 'gone', kind: 'source-missing' },
      { key: 'grown', kind: 'source-changed' },
      { key: 'late', kind: 'source-changed' },
    ]);
    expect(report?.outcomes.copied.objects).toBe(12);
    expect(await bodyOf(buckets.to, 'late'), 'the new version, although its size is the same').toBe('other');
    const again = await buckets.migrate();
    expect(again.report?.status).toBe('SUCCEEDED');
    expect(await bodyOf(buckets.to, 'late')).toBe('other');
    expect(await bodyOf(buckets.to, 'grown')).toBe('has grown');
  });

  it('names the files whose names rclone cannot write, and brings all others', async () => {
    await write(
      new Map([
        ['plain', 'p'],
        ['picture ␁', 'x'],
        ['quote ‛', 'x'],
      ]),
    );
    const noText = (name: string) => Buffer.concat([Buffer.from(`${folder}/${name}`), Buffer.from([0xfe])]);
    await writeFile(noText('bad'), 'x');
    await mkdir(noText('folder'));
    buckets.request.source = { type: 'rclone', backend: 'local', path: folder, secret: null };
    const { report } = await buckets.migrate();
    expect(report?.status).toBe('FINISHED_WITH_EXCEPTIONS');
    expect(report?.outcomes.copied.objects).toBe(1);
    expect(report?.exceptionKinds).toEqual({ unrepresentable: 4 });
    expect(report?.exceptions.map(({ key }) => key)).toEqual([
      'bad\ufffd',
      'folder\ufffd/',
      'picture ‛␁',
      'quote ‛‛',
    ]);
  });

  it('is listed under a prefix, renamed, tagged and labelled as a bucket is', async () => {
    await write(
      new Map([
        ['raw/reel', 'r'],
        ['raw/b/cut', 'c'],
        ['rawer', 'no'],
        ['other/x', 'no'],
      ]),
    );
    buckets.request.source = { type: 'rclone', backend: 'local', path: folder, secret: null, prefix: 'raw/' };
    buckets.request.rules = [
      {
        match: 'raw/**',
        rename: { prefix: 'raw/', to: 'video/' },
        tags: { team: 'media' },
        metadata: { origin: 'nas' },
      },
    ];
    const { report } = await buckets.migrate();
    expect(report?.status).toBe('SUCCEEDED');
    expect([...(await contentOf(buckets.to)).keys()]).toEqual(['video/b/cut', 'video/reel']);
    expect(await buckets.to.tags('video/reel')).toEqual({ team: 'media' });
    const { mtime, ...metadata } = (await buckets.to.head('video/reel'))?.metadata ?? {};
    expect(mtime).toBe('1700000000');
    expect(metadata).toMatchObject({ origin: 'nas' });
  });

  it('goes on where a killed lister was, and lists nothing twice', async () => {
    const files = manyFiles();
    await write(files);
    buckets.request.source = { type: 'rclone', backend: 'local', path: folder, secret: null };
    let killed = false;
    const { report } = await buckets.migrate({
      pace: { shardRows: 40 },
      during: ({ states }, controls) => {
        if (killed || !states.some(({ name }) => name === 'List source')) return;
        killed = controls.killLister();
      },
    });
    expect(killed).toBe(true);
    expect(report?.status).toBe('SUCCEEDED');
    expect(report?.listed.objects).toBe(files.size);
    expect(report?.outcomes.copied.objects).toBe(files.size);
  });

  it('is refused by name when the user is wrong or the folder is not there', async () => {
    await write(new Map([['a', 'a']]));
    server = await serveFolder(folder, 'webdav');
    const wrong = { ...server.options, user: 'somebody-else' };
    await buckets.writeSecrets({ '/migration/source_rclone_config': JSON.stringify(wrong) });
    buckets.request.source = { type: 'rclone', backend: 'webdav' };
    const denied = await buckets.migrate({ migration: 'denied' });
    expect(denied.report?.error?.name).toBe('SourceDenied');
    expect(denied.report?.error?.message).not.toContain(server.options.pass);
    buckets.request.source = { type: 'rclone', backend: 'local', path: join(folder, 'none'), secret: null };
    const missing = await buckets.migrate({ migration: 'missing' });
    expect(missing.report?.error?.name).toBe('SourceUnreachable');
  });
});
