import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openSeekListing } from '../../../core/inventory/seek-listing.ts';
import { anyKey, closeKey, keysInOrder, sameEveryRun } from '../../support/hard-keys.ts';
import { ListedObjects } from '../../support/listed-objects.ts';
import { withPackedPages } from '../../support/packed-store.ts';

const key = fc.oneof(closeKey(), anyKey(3));
const stretch = fc.record({
  prefix: fc.constantFrom('', 'a', 'b/'),
  range: fc.record({ after: fc.option(closeKey(3)), upTo: fc.option(closeKey(3)) }),
});
const everything = { prefix: '', range: { after: null, upTo: null } };

test.each([
  { watched: true, asBytes: false },
  { watched: false, asBytes: false },
  { watched: true, asBytes: true },
  { watched: false, asBytes: true },
])('finds what is there and nothing else: %o', async ({ watched, asBytes }) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(key, { maxLength: 50 }),
      fc.array(key, { maxLength: 20 }),
      fc.array(fc.nat(), { maxLength: 20 }),
      stretch,
      fc.integer({ min: 1, max: 5 }),
      async (keys, others, picks, stretch, pageSize) => {
        const store = new ListedObjects(keys, pageSize);
        const there = store.between(stretch.prefix, stretch.range.after, stretch.range.upTo);
        const picked = picks.flatMap((pick) => there[pick % Math.max(1, there.length)]?.key ?? []);
        const asked = keysInOrder([...others, ...picked]);
        const passed: string[] = [];
        const seen = { passed: ({ key }: { key: string }) => void passed.push(key) };
        const listing = openSeekListing(asBytes ? withPackedPages(store) : store, stretch, {
          asBytes,
          ...(watched && seen),
        });
        for (const wanted of asked) {
          const expected = there.find((object) => object.key === wanted) ?? null;
          expect(await listing.find(wanted)).toEqual(expected);
        }
        await listing.finish();
        if (watched)
          expect(passed).toEqual(there.map((object) => object.key).filter((each) => !asked.includes(each)));
      },
    ),
    { ...sameEveryRun, numRuns: 400 },
  );
});

const numbered = (number: number) => `k/${String(number).padStart(5, '0')}`;
const tenThousand = Array.from({ length: 10_000 }, (_, number) => numbered(number));

test.each([true, false])('jumps over what nobody asks for, as bytes: %s', async (asBytes) => {
  const store = new ListedObjects(tenThousand, 100);
  const listing = openSeekListing(asBytes ? withPackedPages(store) : store, everything, { asBytes });
  for (const number of [3, 5000, 5001, 9999]) {
    expect((await listing.find(numbered(number)))?.key).toBe(numbered(number));
  }
  expect(await listing.find('l')).toBeNull();
  expect(store.asked.length).toBeLessThan(12);
});

test('reads every page where what is passed must be seen', async () => {
  const store = new ListedObjects(tenThousand, 100);
  let passed = 0;
  const listing = openSeekListing(store, everything, {
    passed: () => {
      passed += 1;
    },
  });
  await listing.find(numbered(5000));
  expect(passed).toBe(5000);
  await listing.finish();
  expect(passed).toBe(9999);
  expect(store.asked).toHaveLength(100);
});

test('reads pages in their turn where the keys asked for are close', async () => {
  const store = new ListedObjects(tenThousand.slice(0, 1000), 100);
  const listing = openSeekListing(store, everything);
  for (const wanted of tenThousand.slice(0, 1000)) expect((await listing.find(wanted))?.key).toBe(wanted);
  expect(store.asked).toHaveLength(10);
});

test('asks nothing before it is asked, and nothing more behind the end', async () => {
  const store = new ListedObjects(['a'], 10);
  const listing = openSeekListing(store, everything);
  expect(store.asked).toHaveLength(0);
  expect(await listing.find('b')).toBeNull();
  expect(await listing.find('c')).toBeNull();
  expect(store.asked).toHaveLength(1);
});

test.each([
  ['an earlier key', 'b', 'a'],
  ['the same key again', 'b', 'b'],
  ['a key that is earlier in bytes and later in UTF-16', '\u{10000}', '\ufffd'],
])('refuses %s: a merge that goes back would call what it passed missing', async (_, first, second) => {
  const listing = openSeekListing(new ListedObjects(['a', 'b'], 1), everything);
  await listing.find(first);
  expect(() => listing.find(second)).toThrow(
    `a merge asked for keys out of order: ${JSON.stringify(second)} after ${JSON.stringify(first)}`,
  );
});
