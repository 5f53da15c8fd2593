import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { afterEach, expect, test, vi } from 'vitest';
import { DiskJobStore } from '../../../adapters/disk/job-store.ts';
import { errorOf, failureOf } from '../../../adapters/thread/thread-messages.ts';
import { ThreadedJobStore } from '../../../adapters/thread/threaded-job-store.ts';
import { openWritingThread } from '../../../containers/lister/writing-thread.ts';
import { openJobStore } from '../../../containers/place.ts';
import { openLines } from '../../../core/json-lines.ts';
import { VersionConflict } from '../../../core/ports.ts';
import { StoreError } from '../../../core/store-error.ts';
import { startS3Server } from '../../../local/s3-server/s3-server.ts';
import { jobStoreConformance } from '../../conformance/job-store.ts';

const opened: { folder: string; store: ThreadedJobStore }[] = [];

async function openStore() {
  const folder = await mkdtemp(join(tmpdir(), 'drover-thread-'));
  const place = { JOB_STORE: `disk:${folder}`, AWS_REGION: 'us-east-1' };
  const store = await openWritingThread(new DiskJobStore(folder), place, 2);
  if (!(store instanceof ThreadedJobStore)) throw new Error('there is no thread');
  return { folder, store };
}

async function openForTest() {
  const each = await openStore();
  opened.push(each);
  return each;
}

afterEach(async () => {
  for (const { folder, store } of opened.splice(0)) {
    await store.close();
    await rm(folder, { recursive: true });
  }
});

jobStoreConformance('a thread that writes to disk', async () => {
  const { folder, store } = await openStore();
  return {
    store,
    addressPrefix: `${folder}/`,
    close: async () => {
      await store.close();
      await rm(folder, { recursive: true });
    },
  };
});

jobStoreConformance('a thread that writes to S3', async () => {
  const server = await startS3Server({ buckets: ['jobs'] });
  // As a task is told where S3 is and who it is: by variables, which the thread inherits.
  vi.stubEnv('AWS_ENDPOINT_URL_S3', server.endpoint);
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'any');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'any');
  const place = { JOB_STORE: 's3://jobs', AWS_REGION: 'us-east-1' };
  const store = await openWritingThread(openJobStore(place), place, 2);
  return {
    store,
    addressPrefix: 's3://jobs/',
    close: async () => {
      if (store instanceof ThreadedJobStore) await store.close();
      vi.unstubAllEnvs();
      await server.stop();
    },
  };
});

test('lines of many pages at the same time are each encoded whole, while others are filled in their places', async () => {
  const { folder, store } = await openForTest();
  const textOf = (page: number) =>
    `${JSON.stringify({ page, filler: 'x'.repeat(1000 + 7 * page) })}\n`.repeat(40);
  for (const round of [0, 1, 2])
    await Promise.all(
      Array.from({ length: 20 }, async (_, n) => {
        const page = round * 20 + n;
        const lines = openLines();
        // Longer than a place is at first, for some.
        for (const line of textOf(page)
          .repeat(page % 5 === 0 ? 9 : 1)
          .trimEnd()
          .split('\n'))
          lines.add(line);
        await store.writeLines(`pieces/${page}.jsonl.zst`, lines);
      }),
    );
  for (let page = 0; page < 60; page++) {
    const file = zstdDecompressSync(await readFile(join(folder, `pieces/${page}.jsonl.zst`)));
    expect(file.toString() === textOf(page).repeat(page % 5 === 0 ? 9 : 1), `page ${page}`).toBe(true);
  }
});

test('what a store throws in the thread is thrown to the writer, of its own class', async () => {
  const denied = new StoreError('denied', 'AccessDenied: no', {
    code: 'AccessDenied',
    status: 403,
    region: 'eu-west-1',
  });
  const again = errorOf(structuredClone(failureOf(denied)));
  expect(again).toBeInstanceOf(StoreError);
  expect(again).toMatchObject({
    kind: 'denied',
    message: 'AccessDenied: no',
    code: 'AccessDenied',
    status: 403,
    region: 'eu-west-1',
  });
  expect(errorOf(structuredClone(failureOf(new VersionConflict('other'))))).toBeInstanceOf(VersionConflict);
  const { folder, store } = await openForTest();
  await writeFile(join(folder, 'file'), '');
  await expect(store.write('file/below', Buffer.from('x'))).rejects.toThrow(/EEXIST/);
  await expect(store.writeLines('file/below', openLines())).rejects.toThrow(/EEXIST/);
  await store.write('good', Buffer.from('x'));
});

test('writes fail when the thread has ended, those under way and those after', async () => {
  const { store } = await openForTest();
  const underWay = Array.from({ length: 50 }, (_, n) => store.write(`many/${n}`, Buffer.alloc(100_000)));
  const outcomes = Promise.allSettled(underWay);
  await store.close();
  expect((await outcomes).some(({ status }) => status === 'rejected')).toBe(true);
  await expect(store.write('later', Buffer.from('x'))).rejects.toThrow(/thread of the job store ended/);
});

test('a machine of one core has no thread', async () => {
  const near = new DiskJobStore(tmpdir());
  expect(await openWritingThread(near, { JOB_STORE: 'disk:/nowhere', AWS_REGION: 'us-east-1' }, 1)).toBe(
    near,
  );
});
