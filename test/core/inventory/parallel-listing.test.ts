import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ManualClock } from '../../../adapters/memory/clock.ts';
import { jobLayout } from '../../../core/job-layout.ts';
import type { ObjectStore } from '../../../core/ports.ts';
import { StoreError } from '../../../core/store-error.ts';
import type { Death } from '../../support/fuse.ts';
import { anyKey, closeKey, keysInOrder, sameEveryRun } from '../../support/hard-keys.ts';
import { listed, putText, replacing } from '../../support/memory-buckets.ts';
import { aPlace, checkInventory, finished } from './listing-checks.ts';
import { type Place, queuedBatches, runLister } from './listing-runs.ts';

const keys = fc.oneof(
  fc.array(closeKey(5), { maxLength: 150, size: 'max' }),
  fc.array(anyKey(4), { maxLength: 150, size: 'max' }),
  fc
    .record({ count: fc.nat(200), step: fc.constantFrom(1, 7, 1000) })
    .map(({ count, step }) =>
      Array.from({ length: count }, (_, n) => `logs/2024/${String(n * step).padStart(7, '0')}`),
    ),
);
const sizes = fc.record({
  pageSize: fc.integer({ min: 1, max: 4 }),
  shardRows: fc.integer({ min: 3, max: 30 }),
  most: fc.integer({ min: 2, max: 9 }),
});
const deaths = fc.array(
  fc.record<Death>({ step: fc.integer({ min: 1, max: 60 }), when: fc.constantFrom('before', 'after') }),
  { maxLength: 5, size: 'max' },
);

/** A place in which pages come in another order than they were asked for. */
async function unevenPlace(
  source: readonly string[],
  destination: readonly string[],
  { pageSize, shardRows, most }: { pageSize: number; shardRows: number; most: number },
  waits: readonly number[],
): Promise<Place> {
  const textsOf = (all: readonly string[]) => Object.fromEntries(all.map((key) => [key, key.slice(0, 2)]));
  const place = await aPlace(
    { source: textsOf(source), destination: textsOf(destination) },
    { batch: { maxObjects: 3 } },
    { pageSize, shardRows, pace: { most, requestsPerSecond: null } },
  );
  return { ...place, source: unevenly(place.source, waits) };
}

function unevenly(store: ObjectStore, waits: readonly number[]): ObjectStore {
  let asked = 0;
  return replacing(store, {
    async listPage(query) {
      for (let turns = waits[asked++ % waits.length] ?? 0; turns > 0; turns--) await Promise.resolve();
      return store.listPage(query);
    },
  });
}

const waits = fc.array(fc.nat(40), { minLength: 1, maxLength: 12 });

test('many ranges at the same time list every key once, in shards that cover the bucket, whoever is killed when', async () => {
  let cut = 0;
  await fc.assert(
    fc.asyncProperty(keys, keys, sizes, deaths, waits, async (source, destination, sizes, deaths, waits) => {
      const place = await unevenPlace(source, destination, sizes, waits);
      let crashes = 0;
      for (const death of deaths) {
        if ((await runLister(place, { death })) !== 'died') break;
        crashes += 1;
      }
      const listing = await finished(place);
      cut += listing.effort.ranges - 1;
      const rows = await checkInventory(place, listing);
      expect(rows.map(({ key }) => key)).toEqual(keysInOrder(source));
      const toMove = rows.filter(({ decision }) => decision === 'transfer').map(({ key }) => key);
      expect(toMove).toEqual(keysInOrder(source.filter((key) => !destination.includes(key))));
      const queued = (await queuedBatches(place)).flatMap(({ files }) => files.map(({ key }) => key));
      expect(keysInOrder(queued)).toEqual(toMove);
      const again = queued.length - toMove.length;
      expect(again).toBeLessThanOrEqual(crashes * sizes.most * (sizes.pageSize + 3));
      if (crashes === 0) expect(again).toBe(0);
    }),
    { ...sameEveryRun, numRuns: 200 },
  );
  expect(cut).toBeGreaterThan(200);
}, 60_000);

test('what was there all the time is listed, whatever comes and goes meanwhile', async () => {
  await fc.assert(
    fc.asyncProperty(keys, keys, sizes, waits, deaths, async (before, others, sizes, waits, deaths) => {
      const place = await unevenPlace(before, [], sizes, waits);
      const changes = others.entries();
      const changing = replacing(place.source, {
        async listPage(query) {
          const change = changes.next();
          if (!change.done) {
            const [index, key] = change.value;
            if (index % 2 === 0) await putText(place.source, key, 'new');
            else await place.source.delete(key);
          }
          return place.source.listPage(query);
        },
      });
      for (const death of deaths)
        if ((await runLister({ ...place, source: changing }, { death })) !== 'died') break;
      const listing = await finished({ ...place, source: changing });
      const rows = new Set((await checkInventory(place, listing)).map(({ key }) => key));
      const touched = new Set(others);
      for (const key of before) if (!touched.has(key)) expect(rows.has(key)).toBe(true);
      const left = new Set((await listed(place.source)).map(({ key }) => key));
      for (const key of rows) if (!touched.has(key)) expect(left.has(key)).toBe(true);
    }),
    { ...sameEveryRun, numRuns: 100 },
  );
}, 60_000);

test('a source in trouble is asked again, by fewer at a time, and loses no key', async () => {
  await fc.assert(
    fc.asyncProperty(
      keys,
      sizes,
      fc.array(fc.boolean(), { minLength: 5, maxLength: 20 }),
      async (source, sizes, troubles) => {
        const place = await unevenPlace(source, [], sizes, [0]);
        let asked = 0;
        const troubled = replacing(place.source, {
          async listPage(query) {
            if (asked++ % 3 !== 0 && troubles[asked % troubles.length] === true)
              throw new StoreError('throttled', 'SlowDown: please', { code: 'SlowDown', status: 503 });
            return place.source.listPage(query);
          },
        });
        const clock = new ManualClock(0, { selfMoving: true });
        const rows = await checkInventory(place, await finished({ ...place, clock, source: troubled }));
        expect(rows.map(({ key }) => key)).toEqual(keysInOrder(source));
      },
    ),
    { ...sameEveryRun, numRuns: 100 },
  );
}, 60_000);

test('a listing that is told to stop goes on in the next life, and asks for no page twice', async () => {
  const source = Array.from({ length: 400 }, (_, n) => `k/${String(n).padStart(5, '0')}`);
  const place = await unevenPlace(source, [], { pageSize: 4, shardRows: 50, most: 6 }, [3, 1, 7]);
  let lives = 0;
  for (; (await runLister(place, { stopAfterPages: 5 })) === 'stopped'; lives++)
    expect(lives).toBeLessThan(100);
  expect(lives).toBeGreaterThan(2);
  const rows = await checkInventory(place, await finished(place));
  expect(rows.map(({ key }) => key)).toEqual(source);
  const queued = (await queuedBatches(place)).flatMap(({ files }) => files.map(({ key }) => key));
  expect(queued).toHaveLength(source.length);
});

test('the source is never asked for a position outside of its prefix, which some stores refuse', async () => {
  const source = Array.from({ length: 300 }, (_, n) => `in/${String(n).padStart(5, '0')}`);
  const place = await unevenPlace(
    ['a', ...source, 'z'],
    [],
    { pageSize: 4, shardRows: 100, most: 6 },
    [2, 0, 5],
  );
  place.plan.request.source.prefix = 'in/';
  const asked: (string | null)[] = [];
  const watched = replacing(place.source, {
    async listPage(query) {
      asked.push(query.startAfter);
      return place.source.listPage(query);
    },
  });
  const listing = await finished({ ...place, source: watched });
  expect(listing.effort.ranges).toBeGreaterThan(3);
  expect((await checkInventory(place, listing)).map(({ key }) => key)).toEqual(source);
  expect(asked.filter((startAfter) => startAfter !== null && !startAfter.startsWith('in/'))).toEqual([]);
});

test('a checkpoint that was written under other options is refused by name', async () => {
  const place = await aPlace({ source: { a: 'x', b: 'x' } }, {}, { pageSize: 1 });
  expect(await runLister(place, { stopAfterPages: 1 })).toBe('stopped');
  const plan = structuredClone(place.plan);
  plan.request.existing = 'keep';
  await expect(runLister({ ...place, plan })).rejects.toThrow(
    expect.objectContaining({ name: 'CheckpointMismatch' }),
  );
  expect(await place.jobStore.read(jobLayout.listing(plan.folder))).toBeNull();
});
