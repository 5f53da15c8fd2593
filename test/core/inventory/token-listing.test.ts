import fc from 'fast-check';
import { expect, test } from 'vitest';
import { aPlan } from '../../support/builders.ts';
import type { Death } from '../../support/fuse.ts';
import { anyKey, closeKey, keysInOrder, sameEveryRun } from '../../support/hard-keys.ts';
import { bucketOf } from '../../support/memory-buckets.ts';
import { byTokens } from '../../support/token-only-store.ts';
import { checkInventory, finished } from './listing-checks.ts';
import { placeOf, queuedBatches, runLister } from './listing-runs.ts';

const keys = fc.oneof(
  fc.array(closeKey(5), { maxLength: 80, size: 'max' }),
  fc.array(anyKey(4), { maxLength: 80, size: 'max' }),
);
const deaths = fc.array(
  fc.record<Death>({ step: fc.integer({ min: 1, max: 40 }), when: fc.constantFrom('before', 'after') }),
  { maxLength: 4, size: 'max' },
);

test('a store that pages by its own tokens is listed in one range, from the token on record after a kill', async () => {
  let goneOn = 0;
  await fc.assert(
    fc.asyncProperty(keys, fc.integer({ min: 1, max: 5 }), deaths, async (drawn, pageSize, deaths) => {
      const source = byTokens(await bucketOf(Object.fromEntries(drawn.map((key) => [key, 'x']))));
      const place = placeOf({
        plan: aPlan({ batch: { maxObjects: 3 } }, { listing: 'stream' }),
        source: source.store,
        destination: await bucketOf(),
        pageSize,
        shardRows: 10,
        pace: { most: 8, requestsPerSecond: null },
      });
      let crashes = 0;
      for (const death of deaths) {
        if ((await runLister(place, { death })) !== 'died') break;
        crashes += 1;
      }
      const listing = await finished(place);
      expect(listing.effort.ranges).toBe(1);
      const rows = await checkInventory(place, listing);
      expect(rows.map(({ key }) => key)).toEqual(keysInOrder(drawn));
      const queued = (await queuedBatches(place)).flatMap(({ files }) => files.map(({ key }) => key));
      expect(queued.length - rows.length).toBeLessThanOrEqual(crashes * (pageSize + 3));
      expect(source.beginnings()).toBeLessThanOrEqual(1 + crashes);
      if (crashes > 0 && source.beginnings() <= crashes) goneOn += 1;
    }),
    { ...sameEveryRun, numRuns: 150 },
  );
  expect(goneOn).toBeGreaterThan(30);
}, 60_000);

test('a listing of more pages than one asks from the beginning once, also across shards', async () => {
  const source = byTokens(
    await bucketOf(Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`k${n}`, 'x']))),
  );
  const plan = aPlan({}, { listing: 'stream' });
  const place = placeOf({
    plan,
    source: source.store,
    destination: await bucketOf(),
    pageSize: 4,
    shardRows: 8,
  });
  while ((await runLister(place, { stopAfterPages: 3 })) === 'stopped');
  expect((await checkInventory(place, await finished(place))).length).toBe(60);
  expect(source.beginnings()).toBe(1);
});
