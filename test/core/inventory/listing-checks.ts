import { expect } from 'vitest';
import type { Listing } from '../../../core/inventory/checkpoint.ts';
import type { ShardSummary } from '../../../core/inventory/shard.ts';
import { compareKeys } from '../../../core/keyspace/key-order.ts';
import { rangeContains } from '../../../core/keyspace/key-range.ts';
import { addTally, noObjects } from '../../../core/transfer/outcome.ts';
import { aPlan, type RequestChanges } from '../../support/builders.ts';
import { bucketOf, type Texts } from '../../support/memory-buckets.ts';
import { type Place, placeOf, readInventory, runLister } from './listing-runs.ts';

/** Two buckets that hold these texts, and everything a lister needs beside them. */
export async function aPlace(
  texts: { source: Texts; destination?: Texts },
  request: RequestChanges = {},
  sizes: Partial<Pick<Place, 'pageSize' | 'shardRows' | 'pace'>> = {},
  writtenAtSeconds = { source: 0, destination: 0 },
): Promise<Place> {
  return placeOf({
    plan: aPlan(request),
    source: await bucketOf(texts.source, writtenAtSeconds.source * 1000),
    destination: await bucketOf(texts.destination, writtenAtSeconds.destination * 1000),
    ...sizes,
  });
}

/** Runs a lister to its end. */
export async function finished(place: Place): Promise<Listing> {
  const listing = await runLister(place);
  if (typeof listing === 'string') throw new Error(`the lister ${listing}`);
  return listing;
}

function startOrder(a: ShardSummary | undefined, b: ShardSummary | undefined): number {
  const [left, right] = [a?.range.after ?? null, b?.range.after ?? null];
  if (left === null || right === null) return (left === null ? 0 : 1) - (right === null ? 0 : 1);
  return compareKeys(left, right);
}

/** Asserts what every finished inventory promises; gives its rows. */
export async function checkInventory(place: Place, listing: Listing) {
  const read = await readInventory(place, listing);
  // Shards are numbered as they are begun; which comes first in the bucket is in their ranges.
  const order = read.shards
    .map((_, index) => index)
    .sort((a, b) => startOrder(read.shards[a], read.shards[b]));
  const shards = order.flatMap((index) => read.shards[index] ?? []);
  const rows = order.flatMap((index) => (read.rows[index] === undefined ? [] : [read.rows[index]]));
  expect(shards[0]?.range.after).toBeNull();
  expect(shards.at(-1)?.range.upTo).toBeNull();
  shards.slice(1).forEach((shard, index) => {
    expect(shard.range.after).toBe(shards[index]?.range.upTo);
    expect(shard.range.after).not.toBeNull();
  });
  rows.forEach((ofShard, index) => {
    const { range, listed } = shards[index] ?? expect.fail();
    for (const { key } of ofShard) expect(rangeContains(range, key)).toBe(true);
    const tally = ofShard.reduce(
      (sum, row) => addTally(sum, { objects: 1, bytes: row.sizeBytes }),
      noObjects(),
    );
    expect(listed).toEqual(tally);
  });
  const all = rows.flat();
  all.slice(1).forEach((row, index) => {
    expect(compareKeys(all[index]?.key ?? '', row.key)).toBeLessThan(0);
  });
  expect(listing.listed).toEqual(shards.map(({ listed }) => listed).reduce(addTally, noObjects()));
  for (const [decision, tally] of Object.entries(listing.tallies)) {
    const decided = all.filter((row) => row.decision === decision);
    expect(tally).toEqual(
      decided.reduce((sum, row) => addTally(sum, { objects: 1, bytes: row.sizeBytes }), noObjects()),
    );
  }
  return all;
}
