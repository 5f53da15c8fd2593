import { describe, expect, test } from 'vitest';
import { JobStoreDamaged } from '../../../core/errors.ts';
import { findTransfers } from '../../../core/inventory/find-transfers.ts';
import { readShardRows, readShardSummary } from '../../../core/inventory/shard.ts';
import { jobLayout } from '../../../core/job-layout.ts';
import { encodeLines } from '../../../core/json-lines.ts';
import { allOf } from '../../support/all-of.ts';
import { aPlan } from '../../support/builders.ts';
import { bucketOf, replacing } from '../../support/memory-buckets.ts';
import { placeOf, runLister } from './listing-runs.ts';

/** Six objects in shards of two, one row to a piece; `c` is unchanged. */
async function aListing() {
  const place = placeOf({
    plan: aPlan(),
    source: await bucketOf({ a: 'x', b: 'x', c: 'x', d: 'x', e: 'x', f: 'x' }),
    destination: await bucketOf({ c: 'x' }),
    pageSize: 1,
    shardRows: 2,
  });
  await runLister(place);
  const { jobStore, plan } = place;
  return { jobStore, folder: plan.folder };
}

describe('a shard', () => {
  test('is read piece by piece, in order', async () => {
    const { jobStore, folder } = await aListing();
    const summary = await readShardSummary(jobStore, folder, '0001');
    expect(summary).toMatchObject({ shard: '0001', range: { after: 'b', upTo: 'd' }, pieces: 2 });
    const pieces = await allOf(readShardRows(jobStore, folder, summary));
    expect(pieces.map((rows) => rows.map(({ key }) => key))).toEqual([['c'], ['d']]);
  });

  test('without its summary says which file is gone', async () => {
    const { jobStore, folder } = await aListing();
    await jobStore.delete(jobLayout.shardSummary(folder, '0001'));
    const reading = readShardSummary(jobStore, folder, '0001');
    await expect(reading).rejects.toThrow(JobStoreDamaged);
    await expect(reading).rejects.toThrow(
      'memory://migrations/m/inventory/shards/0001.json is missing: shard 0001 was listed but its summary is gone. Start the migration again under a new id.',
    );
  });

  test('without one of its pieces is not read as if it were whole', async () => {
    const { jobStore, folder } = await aListing();
    const summary = await readShardSummary(jobStore, folder, '0001');
    await jobStore.delete(jobLayout.shardPiece(folder, '0001', 1));
    const reading = allOf(readShardRows(jobStore, folder, summary));
    await expect(reading).rejects.toThrow(JobStoreDamaged);
    await expect(reading).rejects.toThrow(
      'inventory/0001/000001.jsonl.zst is missing: the inventory is incomplete',
    );
  });

  test.each([
    ['cut off', (bytes: Uint8Array) => bytes.subarray(0, bytes.length - 5)],
    ['changed', (bytes: Uint8Array) => bytes.map((byte, at) => (at === bytes.length - 8 ? byte ^ 1 : byte))],
    ['of another format', () => encodeLines([{ key: 'd' }])],
  ])('with a piece that is %s says which, and what to do', async (_, damage) => {
    const { jobStore, folder } = await aListing();
    const summary = await readShardSummary(jobStore, folder, '0001');
    const path = jobLayout.shardPiece(folder, '0001', 1);
    const whole = await jobStore.read(path);
    await jobStore.write(path, damage(whole?.bytes ?? new Uint8Array()));
    const reading = allOf(readShardRows(jobStore, folder, summary));
    await expect(reading).rejects.toThrow(JobStoreDamaged);
    await expect(reading).rejects.toThrow(
      /inventory\/0001\/000001\.jsonl\.zst is damaged: [\s\S]+\. Restore that file and start the migration again, or start it under a new id\.$/,
    );
  });
});

describe('keys to be transferred', () => {
  test.each<[string, string[], string[]]>([
    ['are found wherever they lie', ['a', 'd', 'f'], ['a', 'd', 'f']],
    ['are not those that are there already or were never listed', ['b', 'c', 'bb', 'z'], ['b']],
    ['of none are none', [], []],
  ])('%s', async (_, keys, found) => {
    const { jobStore, folder } = await aListing();
    expect([...(await findTransfers(jobStore, folder, new Set(keys)))].toSorted()).toEqual(found);
  });

  test('are looked for in their own shards only', async () => {
    const { jobStore, folder } = await aListing();
    const read: string[] = [];
    const watched = replacing(jobStore, {
      async read(path) {
        if (path.endsWith('.zst')) read.push(path.slice(folder.length));
        return jobStore.read(path);
      },
    });
    await findTransfers(watched, folder, new Set(['d']));
    expect(read).toEqual(['/inventory/0001/000000.jsonl.zst', '/inventory/0001/000001.jsonl.zst']);
    await findTransfers(replacing(jobStore, { list: () => expect.fail() }), folder, new Set());
  });
});
