import fc from 'fast-check';
import { expect, test } from 'vitest';
import { findFolders } from '../../../core/inventory/find-folders.ts';
import { openFolderListing } from '../../../core/inventory/folder-listing.ts';
import { compareKeys } from '../../../core/keyspace/key-order.ts';
import type { ObjectStore } from '../../../core/ports.ts';
import { StoreError } from '../../../core/store-error.ts';
import { aPlan } from '../../support/builders.ts';
import type { Death } from '../../support/fuse.ts';
import { closeKey, keysInOrder, sameEveryRun } from '../../support/hard-keys.ts';
import { bucketOf, listed, putText, replacing } from '../../support/memory-buckets.ts';
import { byTokens } from '../../support/token-only-store.ts';
import { checkInventory, finished } from './listing-checks.ts';
import { type Place, placeOf, queuedBatches, runLister } from './listing-runs.ts';

/** What stands before, at and behind a slash in byte order, and at the ends of the planes. */
const character = fc.constantFrom(
  'a',
  'b',
  '/',
  '/',
  '!',
  '0',
  '\ufffd',
  '\u{10000}',
  '\u{10fffd}',
  '\u{10ffff}',
);
const besideFolders = fc.string({ unit: character, minLength: 1, maxLength: 6 });
const filed = fc
  .tuple(fc.constantFrom('a/', 'a/b/', 'a0', 'b/', 'b/a/', 'c/', '/', '//', 'd'), fc.nat(60))
  .map(([folder, n]) => `${folder}${n}`);
const keys = fc.oneof(
  fc.array(closeKey(5), { maxLength: 120, size: 'max' }),
  fc.array(besideFolders, { maxLength: 120, size: 'max' }),
  fc.array(fc.oneof(filed, filed, besideFolders), { maxLength: 150, size: 'max' }),
);
const sizes = fc.record({
  pageSize: fc.integer({ min: 1, max: 5 }),
  shardRows: fc.integer({ min: 3, max: 30 }),
  most: fc.integer({ min: 2, max: 8 }),
  levelPage: fc.integer({ min: 1, max: 9 }),
  held: fc.constantFrom(10_000, 10_000, 12),
});
type Sizes = { pageSize: number; shardRows: number; most: number; levelPage: number; held: number };
const deaths = fc.array(
  fc.record<Death>({ step: fc.integer({ min: 1, max: 80 }), when: fc.constantFrom('before', 'after') }),
  { maxLength: 4, size: 'max' },
);

async function placeFor(drawn: readonly string[], sizes: Sizes, prefix = '') {
  const { pageSize, shardRows, most, levelPage, held } = sizes;
  const bucket = await bucketOf(Object.fromEntries(drawn.map((key) => [key, 'x'])));
  const { store, asked } = byTokens(bucket, levelPage);
  const plan = aPlan({ batch: { maxObjects: 3 } }, { listing: 'folders' });
  plan.request.source.prefix = prefix;
  const place: Place = placeOf({
    plan,
    source: store,
    destination: await bucketOf(),
    pageSize,
    shardRows,
    pace: { most, requestsPerSecond: null },
    folderBounds: { most: held },
  });
  return { place, bucket, asked };
}

test('a store that shows folders is listed by many of them at the same time, each key once and in order, whoever is killed when', async () => {
  let ranges = 0;
  await fc.assert(
    fc.asyncProperty(
      keys,
      sizes,
      deaths,
      fc.constantFrom('', '', 'a', 'a/', 'b/'),
      async (drawn, sizes, deaths, prefix) => {
        const { place } = await placeFor(drawn, sizes, prefix);
        let crashes = 0;
        for (const death of deaths) {
          if ((await runLister(place, { death })) !== 'died') break;
          crashes += 1;
        }
        const listing = await finished(place);
        ranges += listing.effort.ranges - 1;
        const rows = await checkInventory(place, listing);
        const expected = keysInOrder(drawn).filter((key) => key.startsWith(prefix));
        expect(rows.map(({ key }) => key)).toEqual(expected);
        const queued = (await queuedBatches(place)).flatMap(({ files }) => files.map(({ key }) => key));
        expect(keysInOrder(queued)).toEqual(expected);
        // A page may hold one more: the object that is named like the end of its folder.
        const again = queued.length - expected.length;
        expect(again).toBeLessThanOrEqual(crashes * sizes.most * (sizes.pageSize + 4));
      },
    ),
    { ...sameEveryRun, numRuns: 300 },
  );
  expect(ranges).toBeGreaterThan(300);
}, 60_000);

test('what was there all the time is listed by folders too, whatever comes and goes meanwhile', async () => {
  await fc.assert(
    fc.asyncProperty(keys, keys, sizes, deaths, async (before, others, sizes, deaths) => {
      const { place, bucket } = await placeFor(before, sizes);
      const changes = others.entries();
      async function change(): Promise<void> {
        const next = changes.next();
        if (next.done) return;
        const [index, key] = next.value;
        if (index % 2 === 0) await putText(bucket, key, 'new');
        else await bucket.delete(key);
      }
      const { source } = place;
      place.source = replacing(source, {
        async listPage(query) {
          await change();
          return source.listPage(query);
        },
        async listLevel(query) {
          await change();
          return source.listLevel?.(query) ?? expect.fail();
        },
      });
      for (const death of deaths) if ((await runLister(place, { death })) !== 'died') break;
      const rows = new Set((await checkInventory(place, await finished(place))).map(({ key }) => key));
      const touched = new Set(others);
      for (const key of before) if (!touched.has(key)) expect(rows.has(key)).toBe(true);
      const left = new Set((await listed(bucket)).map(({ key }) => key));
      for (const key of rows) if (!touched.has(key)) expect(left.has(key)).toBe(true);
    }),
    { ...sameEveryRun, numRuns: 200 },
  );
}, 60_000);

test('a store of folders in trouble is asked again, and loses no key', async () => {
  await fc.assert(
    fc.asyncProperty(
      keys,
      sizes,
      fc.array(fc.boolean(), { minLength: 5, maxLength: 20 }),
      async (drawn, sizes, troubles) => {
        const { place } = await placeFor(drawn, sizes);
        const { source } = place;
        let asked = 0;
        const inTrouble = () => {
          if (asked++ % 3 !== 0 && troubles[asked % troubles.length] === true)
            throw new StoreError('throttled', 'SlowDown: please', { code: 'SlowDown', status: 503 });
        };
        place.source = replacing(source, {
          async listPage(query) {
            inTrouble();
            return source.listPage(query);
          },
          async listLevel(query) {
            inTrouble();
            return source.listLevel?.(query) ?? expect.fail();
          },
        });
        const rows = await checkInventory(place, await finished(place));
        expect(rows.map(({ key }) => key)).toEqual(keysInOrder(drawn));
      },
    ),
    { ...sameEveryRun, numRuns: 100 },
  );
}, 60_000);

const plainly = { pageSize: 5, shardRows: 1000, most: 8, levelPage: 1000, held: 10_000 };
const numbered = (folder: string, count: number) =>
  Array.from({ length: count }, (_, n) => `${folder}${String(n).padStart(4, '0')}`);

test('folders are asked for at the same time, and no folder is read twice', async () => {
  const folders = ['a/', 'b/', 'c/x/', 'c/y/', 'd/'];
  const drawn = [...folders.flatMap((folder) => numbered(folder, 40)), 'a', 'a0', 'd0', 'top'];
  const { place, asked } = await placeFor(drawn, plainly);
  const { source } = place;
  let [underWay, most] = [0, 0];
  place.source = replacing(source, {
    async listPage(query) {
      most = Math.max(most, ++underWay);
      for (let turns = 0; turns < 20; turns++) await Promise.resolve();
      const page = await source.listPage(query);
      underWay -= 1;
      return page;
    },
  });
  const listing = await finished(place);
  expect((await checkInventory(place, listing)).map(({ key }) => key)).toEqual(keysInOrder(drawn));
  expect(listing.effort.ranges).toBeGreaterThan(4);
  expect(most).toBeGreaterThan(4);
  expect(asked.filter(({ passedOver }) => passedOver > 0)).toEqual([]);
});

test('a lister that goes on after a stop finds the folders again at which ranges were cut, and reads none twice', async () => {
  const drawn = ['in/a/', 'in/b/', 'in/c/x/', 'in/c/y/', 'in/d/'].flatMap((folder) => numbered(folder, 60));
  const { place, asked } = await placeFor(drawn, { ...plainly, pageSize: 4, most: 4 });
  let lives = 0;
  for (; (await runLister(place, { stopAfterPages: 6 })) === 'stopped'; lives++)
    expect(lives).toBeLessThan(60);
  expect(lives).toBeGreaterThan(2);
  expect((await checkInventory(place, await finished(place))).map(({ key }) => key)).toEqual(
    keysInOrder(drawn),
  );
  expect(asked.filter(({ passedOver }) => passedOver > 0)).toEqual([]);
});

test('a bucket without folders is listed in one stream, and looked through for folders no further than to the bound', async () => {
  const { place, bucket } = await placeFor(numbered('k', 3000), { ...plainly, pageSize: 1000, held: 1500 });
  let levels = 0;
  const { source } = place;
  place.source = replacing(source, {
    async listLevel(query) {
      levels += 1;
      return source.listLevel?.(query) ?? expect.fail();
    },
  });
  const listing = await finished(place);
  expect(listing.effort.ranges).toBe(1);
  expect(levels).toBe(2);
  expect(await checkInventory(place, listing)).toHaveLength((await listed(bucket)).length);
});

test('a folder that its level leaves out is not lost: what is around it stays whole', async () => {
  const drawn = ['a/', 'b/', 'c/'].flatMap((folder) => numbered(folder, 20));
  const { place } = await placeFor(drawn, { ...plainly, pageSize: 30 });
  const { source } = place;
  place.source = replacing(source, {
    async listLevel(query) {
      const level = (await source.listLevel?.(query)) ?? expect.fail();
      return { ...level, folders: level.folders.filter((folder) => folder !== 'b/') };
    },
  });
  const listing = await finished(place);
  expect(listing.effort.ranges).toBe(1);
  expect((await checkInventory(place, listing)).map(({ key }) => key)).toEqual(drawn);
});

test('a listing by folders begins behind any key, in a folder or not, as a store does that can', async () => {
  await fc.assert(
    fc.asyncProperty(
      keys,
      fc.oneof(besideFolders, filed),
      fc.integer({ min: 1, max: 5 }),
      async (drawn, startAfter, pageSize) => {
        const bucket = await bucketOf(Object.fromEntries(drawn.map((key) => [key, 'x'])));
        const { store } = byTokens(bucket);
        const bounds = { enough: 4, most: 1000, ends: [] };
        const inPages: ObjectStore = replacing(store, {
          listPage: (query) => store.listPage({ ...query, maxKeys: Math.min(3, query.maxKeys ?? 3) }),
        });
        const map = await findFolders(inPages, '', bounds, (call) => call());
        const { listPage } = openFolderListing(store, '', map);
        const page = await listPage({ prefix: '', startAfter, maxKeys: pageSize });
        const behind = keysInOrder(drawn).filter((key) => compareKeys(key, startAfter) > 0);
        const shown = page.objects.map(({ key }) => key);
        expect(shown).toEqual(behind.slice(0, shown.length));
        if (!page.more) expect(shown).toEqual(behind);
        if (behind.length > 0) expect(shown.length).toBeGreaterThan(0);
      },
    ),
    { ...sameEveryRun, numRuns: 300 },
  );
});
