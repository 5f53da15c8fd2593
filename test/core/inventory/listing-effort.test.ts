import { expect, test } from 'vitest';
import type { ObjectStore } from '../../../core/ports.ts';
import { type Distribution, distributions } from '../../../local/s3-server/generated-keys.ts';
import { GeneratedShelf } from '../../../local/s3-server/generated-shelf.ts';
import { replacing } from '../../support/memory-buckets.ts';
import { aPlace, checkInventory, finished } from './listing-checks.ts';

const objects = 40_000;
const pageSize = 40;
const most = 32;

/** A bucket of this distribution whose pages come round by round, as those of a store that takes the same time for each do. */
function inRounds(store: ObjectStore, distribution: Distribution) {
  const shelf = new GeneratedShelf({ distribution, objects });
  let rounds = 0;
  let round: Promise<void> | null = null;
  const source = replacing(store, {
    async listPage({ startAfter, maxKeys = pageSize }) {
      round ??= new Promise((resolve) => {
        setImmediate(() => {
          rounds += 1;
          round = null;
          resolve();
        });
      });
      await round;
      const from = startAfter === null ? Buffer.alloc(0) : Buffer.from(`${startAfter}\0`);
      const rows = [...shelf.scan(from, undefined, maxKeys + 1)];
      return { objects: rows.slice(0, maxKeys), more: rows.length > maxKeys };
    },
  });
  return { source, rounds: () => rounds };
}

test.each(distributions)(
  'a bucket of keys that are spread like this, %s, is listed by many at once, and few pages are asked for in vain',
  async (distribution) => {
    const place = await aPlace(
      { source: {} },
      { batch: { maxObjects: 1000 } },
      { pageSize, shardRows: 5000, pace: { most, requestsPerSecond: null } },
    );
    const { source, rounds } = inRounds(place.source, distribution);
    const listing = await finished({ ...place, source });
    const rows = await checkInventory(place, listing);
    expect(rows).toHaveLength(objects);
    const fewest = objects / pageSize;
    expect(listing.effort.emptyProbes / listing.effort.pages).toBeLessThan(0.05);
    expect(listing.effort.pages).toBeLessThan(fewest * 1.15);
    expect(rounds()).toBeLessThan(fewest / 8);
  },
);
