import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { allOf } from '../support/all-of.ts';
import { contentOf, type TwoBuckets, twoBuckets } from '../support/two-buckets.ts';

const kibibyte = 1024;
const fleetParts = { fromBytes: 512 * kibibyte, partBytes: 32 * kibibyte, runBytes: 64 * kibibyte };
const giantBytes = 3000 * kibibyte;
const runs = Math.ceil(giantBytes / fleetParts.runBytes);

let buckets: TwoBuckets;
beforeEach(async () => {
  buckets = await twoBuckets({ minimumPartBytes: 1 });
});
afterEach(async () => {
  await buckets.close();
});

/** Files of the job store under a folder of the migration. */
function filesUnder(folder: string): string[] {
  try {
    const root = join(buckets.out, 'migrations/test', folder);
    const entries = readdirSync(root, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  } catch {
    return [];
  }
}
const runsDone = () => filesUnder('uploads').filter((path) => /\/runs\/.*\.json$/.test(path)).length;

/** The processes that have put something on record about the giant. */
function workersOnGiant(): Set<string> {
  const about = filesUnder('outcomes').filter((path) =>
    gunzipSync(readFileSync(path)).toString().includes('"reason":"parts '),
  );
  return new Set(about.map((path) => path.split('/').at(-2) ?? ''));
}

describe('an object that the fleet copies in parts', { timeout: 120_000 }, () => {
  it('arrives once and whole when one of its two workers is killed on the way', async () => {
    const giant = randomBytes(giantBytes);
    await buckets.put('giant.bin', giant, { contentType: 'video/mp4', metadata: { reel: '7' } });
    await buckets.put('giant.bin.txt', 'not a giant');
    buckets.source.faults.latencyMs = { list: 0, read: 700, write: 0 };
    buckets.request['fleet'] = { maxWorkers: 2 };
    let killed = 0;
    let before = 0;
    const { report } = await buckets.migrate({
      workers: 2,
      pace: { filesInFlight: 2, fleetParts },
      during: (_, { killWorker }) => {
        before = runsDone();
        if (killed === 0 && before < runs - 8 && workersOnGiant().size >= 2 && killWorker()) killed += 1;
      },
    });
    expect(killed, `${before} runs were done, by ${[...workersOnGiant()]}`).toBe(1);
    expect(report?.status).toBe('SUCCEEDED');
    expect(report?.outcomes.copied.objects).toBe(2);
    expect(report?.verification).toMatchObject({ rounds: 1, repaired: 0 });
    expect(await contentOf(buckets.to)).toEqual(await contentOf(buckets.from));
    expect(await buckets.to.head('giant.bin')).toMatchObject({
      contentType: 'video/mp4',
      metadata: { reel: '7' },
      etag: expect.stringMatching(/-94$/),
    });
    expect(await allOf(buckets.to.unfinishedUploads(''))).toEqual([]);
    expect(buckets.destination.requests.count('CompleteMultipartUpload')).toBe(1);
    expect(runsDone()).toBe(runs);
  });
});
