import { expect } from 'vitest';
import type { Listing } from '../../../core/inventory/checkpoint.ts';
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
  sizes: Partial<Pick<Place, 'pageSize' | 'shardRows'>> = {},
): Promise<Place> {
  return placeOf({
    plan: aPlan(request),
    source: await bucketOf(texts.source),
    destination: await bucketOf(texts.destination),
    ...sizes,
  });
}

/** Runs a lister to its end. */
export async function finished(place: Place): Promise<Listing> {
  const listing = await runLister(place);
  if (typeof listing === 'string') throw new Error(`the lister ${listing}`);
  return listing;
}

/** Asserts what every finished inventory promises; gives its rows. */
export async function checkInventory(place: Place, listing: Listing) {
  const { shards, rows } = await readInventory(place, listing);
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
