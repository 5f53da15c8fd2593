import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DiskJobStore } from '../../adapters/disk/job-store.ts';
import { encodeBatch } from '../../core/batching/batch.ts';
import { readShardRows, readShardSummary } from '../../core/inventory/shard.ts';
import { batchEnvelope } from '../../core/migration.ts';
import type { WorkQueue } from '../../core/ports.ts';
import { readPlan } from '../../functions/migration-address.ts';
import { ExecutionStopped } from '../../local/interpret.ts';
import {
  contentOf,
  destinationKeys,
  sourceKeys,
  type TwoBuckets,
  twoBuckets,
} from '../support/two-buckets.ts';

let buckets: TwoBuckets;
beforeEach(async () => {
  buckets = await twoBuckets();
});
afterEach(async () => {
  await buckets.close();
});

async function fill(objects: number): Promise<void> {
  const numbers = Array.from({ length: objects }, (_, n) => n)[Symbol.iterator]();
  const write = async (): Promise<void> => {
    for (const n of numbers)
      await buckets.put(`dir-${n % 7}/object-${String(n).padStart(5, '0')}`, `content ${n}`);
  };
  await Promise.all(Array.from({ length: 16 }, write));
}

/** Queues every batch of the inventory once more, as a duplicate delivery would. */
async function deliverAgain(queue: WorkQueue): Promise<void> {
  const jobStore = new DiskJobStore(buckets.out);
  const folder = 'migrations/test';
  const plan = await readPlan(jobStore, folder);
  const summary = await readShardSummary(jobStore, folder, '0000');
  for await (const rows of readShardRows(jobStore, folder, summary)) {
    const files = rows.map(({ key, sizeBytes, etag, modifiedAtMs }) => ({
      key,
      to: key,
      sizeBytes,
      etag,
      modifiedAtMs,
      storageClass: null,
    }));
    for (let at = 0; at < files.length; at += 20) {
      const message = {
        ...batchEnvelope(plan),
        batch: `again-${at}`,
        shard: '0000',
        attempt: 1,
        files: files.slice(at, at + 20),
      };
      await queue.send([{ body: encodeBatch(message) }]);
    }
  }
}

/** The lines of all gzipped files under a folder of the job store. */
async function readLines(folder: string): Promise<string[]> {
  const files = await readdir(join(buckets.out, folder), { recursive: true, withFileTypes: true });
  const texts = await Promise.all(
    files
      .filter((file) => file.isFile())
      .map(async (file) => gunzipSync(await readFile(join(file.parentPath, file.name))).toString('utf8')),
  );
  return texts
    .join('')
    .split('\n')
    .filter((line) => line !== '');
}

describe('a migration converges', { timeout: 120_000 }, () => {
  it('when a worker is killed in mid-batch', async () => {
    await fill(80);
    buckets.source.faults.latencyMs = { list: 0, read: 80, write: 0 };
    let killed = 0;
    const { report } = await buckets.migrate({
      pace: { filesInFlight: 4 },
      during: ({ copied }, { killWorker }) => {
        if (killed === 0 && copied.objects >= 20 && copied.objects < 80 && killWorker()) killed += 1;
      },
    });
    expect(killed).toBe(1);
    expect(report?.status).toBe('SUCCEEDED');
    expect(report?.outcomes.copied.objects).toBe(80);
    expect(report?.verification).toMatchObject({ rounds: 1, repaired: 0 });
    expect(await contentOf(buckets.to)).toEqual(await contentOf(buckets.from));
  });

  it('when the lister is killed and started again, without losing or doubling a row', async () => {
    await fill(3300);
    buckets.source.faults.latencyMs = { list: 300, read: 0, write: 0 };
    buckets.request['select'] = { exclude: ['dir-[1-6]/**'] };
    let killed = 0;
    const { report } = await buckets.migrate({
      during: ({ listed }, { killLister }) => {
        if (killed === 0 && listed.objects >= 1000 && listed.objects < 3000 && killLister()) killed += 1;
      },
    });
    expect(killed).toBe(1);
    expect(report?.status).toBe('SUCCEEDED');
    expect(report?.listed.objects).toBe(3300);
    expect(report?.outcomes.copied.objects).toBe(472);
    expect(report?.outcomes.excluded.objects).toBe(3300 - 472);
    const log = await readFile(join(buckets.out, 'logs/test/lister.log'), 'utf8');
    expect(log).toMatch(/"listing-started".*"resumed":true/);
  });

  it('when every batch is delivered twice', async () => {
    await fill(60);
    let doubled: Promise<void> | null = null;
    const { report } = await buckets.migrate({
      pace: { pollMs: 400 },
      during: ({ listingFinished }, { queue }) => {
        if (listingFinished) doubled ??= deliverAgain(queue);
      },
    });
    await doubled;
    expect(doubled).not.toBeNull();
    const outcomes = await readLines('migrations/test/outcomes');
    expect(outcomes.filter((line) => line.includes('"outcome":"copied"'))).toHaveLength(120);
    expect(report?.status).toBe('SUCCEEDED');
    expect(report?.outcomes.copied.objects).toBe(60);
    expect(report?.verification).toMatchObject({ verified: 60, repaired: 0 });
  });

  it('when it is stopped half-way and run again', async () => {
    await fill(150);
    buckets.source.faults.latencyMs = { list: 0, read: 100, write: 0 };
    const stop = new AbortController();
    let copiedBefore = 0;
    const stopped = buckets.migrate({
      stop: stop.signal,
      pace: { filesInFlight: 4 },
      during: ({ copied }) => {
        copiedBefore = copied.objects;
        if (copied.objects >= 20) stop.abort();
      },
    });
    await expect(stopped).rejects.toThrow(ExecutionStopped);
    expect(copiedBefore).toBeLessThan(150);
    buckets.source.faults.latencyMs = { list: 0, read: 0, write: 0 };
    buckets.source.requests.reset();
    const { report, folder } = await buckets.migrate();
    expect(folder).toBe('migrations/test');
    expect(report?.status).toBe('SUCCEEDED');
    expect(report?.outcomes.copied.objects).toBe(150);
    expect(report?.verification, 'what was queued is still queued').toMatchObject({ rounds: 1, repaired: 0 });
    expect(
      buckets.source.requests.count('GetObject'),
      'what was copied is not copied again',
    ).toBeLessThanOrEqual(150 - copiedBefore + 20);
  });

  it('when the credentials are rotated on both sides in mid-run', async () => {
    await fill(100);
    await buckets.put('hard//key', 'without rclone');
    buckets.source.faults.latencyMs = { list: 0, read: 100, write: 0 };
    let rotated = false;
    const { report } = await buckets.migrate({
      pace: { filesInFlight: 4 },
      during: ({ copied }) => {
        if (rotated || copied.objects < 20) return;
        rotated = true;
        void buckets
          .writeSecrets({
            '/migration/source_secret_key': 'a-new-source-secret',
            '/to/access': 'NEWDESTINATIONKEY',
            '/to/secret': 'a-new-destination-secret',
          })
          .then(() => {
            buckets.source.credentials = { [sourceKeys.accessKey]: 'a-new-source-secret' };
            buckets.destination.credentials = { NEWDESTINATIONKEY: 'a-new-destination-secret' };
          });
      },
    });
    expect(rotated).toBe(true);
    expect(report?.status).toBe('SUCCEEDED');
    expect(report?.outcomes.copied.objects).toBe(101);
    buckets.source.credentials = undefined;
    buckets.destination.credentials = undefined;
  });
});

describe('no secret', { timeout: 120_000 }, () => {
  it('is written anywhere: not to the job store, the queue, the logs or the report', async () => {
    await fill(40);
    await buckets.put('hard//key', 'without rclone');
    buckets.source.faults.errorRate = [{ operation: 'GetObject', status: 503, probability: 0.2 }];
    buckets.source.faults.deny = [{ bucket: 'from-here', operation: 'GetObject', keyPrefix: 'dir-3/' }];
    const { report } = await buckets.migrate();
    expect(report?.outcomes.exception.objects).toBeGreaterThan(0);
    await rm(buckets.secretsFile);
    const files = (await readdir(buckets.out, { recursive: true, withFileTypes: true })).filter((entry) =>
      entry.isFile(),
    );
    expect(files.length).toBeGreaterThan(10);
    const values = [sourceKeys, destinationKeys].flatMap(({ accessKey, secretKey }) => [
      accessKey,
      secretKey,
    ]);
    for (const file of files) {
      const path = join(file.parentPath, file.name);
      const bytes = await readFile(path);
      const whole = path.endsWith('.gz')
        ? gunzipSync
        : path.endsWith('.zst')
          ? zstdDecompressSync
          : Buffer.from;
      const text = Buffer.from(whole(bytes)).toString('latin1');
      for (const value of values) expect(text.includes(value), `${value} in ${path}`).toBe(false);
    }
  });
});
