import { expect, it } from 'vitest';
import { MemorySecrets } from '../../../adapters/memory/secrets.ts';
import { copyFromBackend } from '../../../adapters/rclone/backend-copy.ts';
import { Connections } from '../../../adapters/rclone/connections.ts';
import type { BatchMessage } from '../../../core/batching/batch.ts';

const at = (second: number): string => new Date(second * 1000).toISOString();
const file = { key: 'a\tb', to: 'a\tb', sizeBytes: 3, etag: null, modifiedAtMs: 100_000, storageClass: null };
const batch: BatchMessage = {
  version: 1,
  migration: 'm',
  folder: 'migrations/m',
  batch: '0000-0',
  shard: '0000',
  attempt: 1,
  source: { type: 'rclone', backend: 'local', path: '/data', secret: null },
  destination: {
    provider: 'AWS',
    bucket: 'into',
    region: 'us-east-1',
    endpoint: null,
    secrets: null,
    kmsKeyId: null,
  },
  objectTags: 'ignore',
  limits: { requestsPerSecond: null, bandwidthBytesPerSecond: null },
  files: [file],
};

/** A copy whose looks at the source, after each copy, show these one after the other. */
async function copied(looks: ({ Size: number; ModTime: string } | null)[], to = file.to) {
  const calls: string[] = [];
  const ending = await copyFromBackend(
    {
      daemon: {
        version: { major: 1, minor: 75, patch: 2 },
        async call(path, { srcFs, srcRemote, remote }) {
          calls.push(path === 'operations/copyfile' ? 'copy' : 'look');
          if (path === 'operations/copyfile') expect(srcFs).toEqual({ type: 'local', _root: '/data' });
          expect(srcRemote ?? remote).toBe('a␉b');
          const body = path === 'operations/copyfile' ? {} : { item: looks.shift() ?? null };
          return { outcome: 'done', body };
        },
      },
      connections: new Connections(new MemorySecrets({})),
      parts: { partsFromBytes: 1000, partBytes: 100 },
    },
    {
      file: { ...file, to },
      batch,
      signal: new AbortController().signal,
      requests: { source: {}, destination: {} },
      headers: [],
    },
  );
  return { calls: calls.join(' '), ending: ending.ending };
}

it.each([
  ['as it was listed: one copy, one look', [{ Size: 3, ModTime: at(100) }], 'copy look', 'copied'],
  ['gone after it was read: it was there', [null], 'copy look', 'copied'],
  [
    'without a time: the one of each question says nothing',
    [
      { Size: 3, ModTime: at(500) },
      { Size: 3, ModTime: at(501) },
    ],
    'copy look look',
    'copied',
  ],
  [
    'overwritten in the same size: copied once more, and named',
    [
      { Size: 3, ModTime: at(200) },
      { Size: 3, ModTime: at(200) },
      { Size: 3, ModTime: at(200) },
    ],
    'copy look look copy look',
    'source-changed',
  ],
  [
    'overwritten again and again: left to a later attempt',
    [4, 5, 6].map((Size) => ({ Size, ModTime: at(200) })),
    'copy look copy look copy look',
    'retry',
  ],
])('an object %s', async (_, looks, calls, how) => {
  const { ending, calls: made } = await copied(looks);
  expect(made).toBe(calls);
  expect(ending.result === 'exception' ? ending.kind : ending.result).toBe(how);
});

it('is an exception, and no call, where rclone would write another key', async () => {
  expect(await copied([], 'a//b')).toMatchObject({
    calls: '',
    ending: { kind: 'unrepresentable', reason: expect.stringContaining('"a//b"') },
  });
});
