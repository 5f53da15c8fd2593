import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { partitionOf } from '../../core/partition/partition-of.ts';
import { OutcomeLine } from '../../core/transfer/outcome-file.ts';
import { contentOf, type TwoBuckets, twoBuckets } from '../support/two-buckets.ts';

let buckets: TwoBuckets;
beforeEach(async () => {
  buckets = await twoBuckets();
});
afterEach(async () => {
  await buckets.close();
});

type Copy = { worker: string; key: string; startedAtMs: number; endedAtMs: number };

/** Every copy that workers put on record, and by whom. */
async function copies(): Promise<Copy[]> {
  const folder = join(buckets.out, 'migrations/test/outcomes');
  const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((file) =>
    file.isFile(),
  );
  const found: Copy[] = [];
  for (const { parentPath, name } of files) {
    const text = gunzipSync(await readFile(join(parentPath, name))).toString('utf8');
    for (const line of text.trimEnd().split('\n')) {
      const row = OutcomeLine.parse(JSON.parse(line));
      if ('totals' in row) continue;
      const { key, endedAtMs, durationMs } = row;
      found.push({ worker: parentPath, key, startedAtMs: endedAtMs - durationMs, endedAtMs });
    }
  }
  return found;
}

describe('a migration by partitions', { timeout: 120_000 }, () => {
  it('copies everything, two workers never at the same time in one partition, one of them killed on the way', async () => {
    const partitions = 6;
    for (let n = 0; n < 150; n++) await buckets.put(`dir-${n % 7}/object-${n}`, `content ${n}`);
    await buckets.put('hard//key', 'without rclone');
    buckets.source.faults.latencyMs = { list: 0, read: 60, write: 0 };
    buckets.source.faults.errorRate = [{ operation: 'GetObject', status: 503, probability: 0.05 }];
    Object.assign(buckets.request, {
      batch: { maxObjects: 3 },
      partition: { strategy: 'hash', count: partitions },
    });
    let killed = false;
    const { report } = await buckets.migrate({
      workers: 3,
      pace: { filesInFlight: 4, leaseSeconds: 3 },
      during: ({ copied, workers }, { killWorker }) => {
        if (!killed && workers.running > 1 && copied.objects >= 40) killed = killWorker();
      },
    });
    expect(killed).toBe(true);
    expect(report?.status).toBe('SUCCEEDED');
    expect(report?.outcomes.copied.objects).toBe(151);
    expect(await contentOf(buckets.to)).toEqual(await contentOf(buckets.from));
    const all = await copies();
    expect(new Set(all.map(({ worker }) => worker)).size).toBeGreaterThan(1);
    const clashes = all.flatMap((one) =>
      all.filter(
        (other) =>
          other.worker !== one.worker &&
          partitionOf(other.key, partitions) === partitionOf(one.key, partitions) &&
          other.startedAtMs < one.endedAtMs &&
          one.startedAtMs < other.endedAtMs,
      ),
    );
    expect(clashes).toEqual([]);
  });
});
