import fc from 'fast-check';
import { expect, test } from 'vitest';
import { aPlan, type RequestChanges } from '../../support/builders.ts';
import { sameEveryRun } from '../../support/hard-keys.ts';
import { aPlace, checkInventory, finished } from './listing-checks.ts';
import { type Place, queuedBatches } from './listing-runs.ts';

const hardKey = fc.string({
  unit: fc.constantFrom(
    'a',
    'b',
    '/',
    '0',
    '9',
    ' ',
    '"',
    '\\',
    '+',
    '%',
    '&',
    '<',
    '~',
    '\u0001',
    '\u007f',
    'é',
    '写',
    '😀',
  ),
  minLength: 1,
  maxLength: 6,
});
const keys = fc.oneof(
  fc.uniqueArray(hardKey, { maxLength: 60, size: 'max' }),
  fc.nat(120).map((count) => Array.from({ length: count }, (_, n) => `logs/${String(n).padStart(5, '0')}`)),
);
const requests = fc.constantFrom<RequestChanges>(
  {},
  { destination: { prefix: 'into/', storageClass: 'STANDARD_IA' } },
  { destination: { prefix: 'ü/' } },
  { source: { prefix: 'logs/' } },
  { existing: 'replace' },
  { existing: 'keep' },
  { verify: { compare: 'size' } },
  { select: { exclude: ['**/*9'] } },
  { select: { minBytes: 3 } },
  { rules: [{ match: '**/*1', storageClass: 'GLACIER_IR', tags: { one: 'yes' } }] },
  { rules: [{ match: 'logs/**', rename: { prefix: 'logs/', to: 'old/' } }] },
);
const limits = fc.record({
  maxObjects: fc.integer({ min: 1, max: 7 }),
  maxBytes: fc.integer({ min: 1, max: 12 }),
});

/** Everything that a listing leaves behind, but for when, and how often it looked at the destination. */
async function left(place: Place) {
  const listing = await finished(place);
  const inventory = await checkInventory(place, listing);
  const batches = await queuedBatches(place);
  const { finishedAtMs: _, requests: __, ...rest } = listing;
  return { rest, inventory, batches };
}

/** What may be at the destination for an object of the source. */
const there = fc.constantFrom('nothing', 'a copy', 'other bytes', 'another size');
type There = typeof there extends fc.Arbitrary<infer Kind> ? Kind : never;

function copyOf(text: string, kind: There): string | null {
  if (kind === 'nothing') return null;
  if (kind === 'a copy') return text;
  return kind === 'another size' ? `${text}.` : text.replaceAll(/./gs, '_');
}

/** At the destination, under its prefix: what is there for each key in turn, and other keys. */
function destinationOf(
  source: Record<string, string>,
  kinds: readonly There[],
  others: readonly string[],
  prefix = '',
) {
  const copies = Object.entries(source).flatMap(([key, text], n) => {
    const copy = copyOf(text, kinds[n % kinds.length] ?? 'nothing');
    return copy === null ? [] : [[prefix + key, copy]];
  });
  return Object.fromEntries([...others.map((key) => [prefix + key, 'other']), ...copies]);
}

test('pages that come as bytes leave the same inventory and the same batches behind as objects do', async () => {
  const packed = { source: 0, destination: 0 };
  const count = (side: 'source' | 'destination') => (objects: number) => {
    packed[side] += objects;
  };
  const decided = new Set<string>();
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        all: keys,
        others: fc.oneof(fc.constant([]), fc.array(hardKey, { maxLength: 40 })),
        kinds: fc.oneof(fc.constant<There[]>(['nothing']), fc.array(there, { minLength: 1, maxLength: 5 })),
      }),
      requests,
      limits,
      fc.record({ pageSize: fc.integer({ min: 1, max: 50 }), shardRows: fc.integer({ min: 3, max: 40 }) }),
      fc.record({ source: fc.integer({ min: 0, max: 2 }), destination: fc.integer({ min: 0, max: 2 }) }),
      fc.constantFrom<(keyof typeof packed)[]>(['source'], ['destination'], ['source', 'destination']),
      async ({ all, others, kinds }, request, batch, sizes, seconds, sides) => {
        const source = Object.fromEntries(all.map((key) => [key, key.repeat(2).slice(0, 9)]));
        const held = {
          source,
          destination: destinationOf(source, kinds, others, aPlan(request).request.destination.prefix),
        };
        const changes = { ...request, batch };
        const asObjects = await left(await aPlace(held, changes, sizes, seconds));
        const place = await aPlace(held, changes, sizes, seconds);
        const counts = Object.fromEntries(sides.map((side) => [side, count(side)]));
        const asBytes = await left({ ...place, packed: counts });
        expect(asBytes).toEqual(asObjects);
        for (const { decision } of asBytes.inventory) decided.add(decision);
      },
    ),
    { ...sameEveryRun, numRuns: 300 },
  );
  expect(Math.min(packed.source, packed.destination)).toBeGreaterThan(500);
  expect([...decided].sort()).toEqual(['excluded', 'kept', 'transfer', 'unchanged']);
});

test('a second run over an unchanged bucket costs two listings, as bytes as well', async () => {
  const texts = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`logs/${n}`, `text ${n}`]));
  const place = await aPlace({ source: texts, destination: texts }, {}, { pageSize: 50 });
  const listing = await finished({
    ...place,
    packed: { source: () => undefined, destination: () => undefined },
  });
  expect(listing.tallies.unchanged.objects).toBe(500);
  // Two listings: the pages that hold keys, and what is asked while ranges find out where keys are.
  expect(listing.requests.destination['ListObjectsV2']).toBeLessThanOrEqual(
    listing.effort.pages + listing.effort.ranges,
  );
});

test('a file that fills a message goes alone, and none is longer than a message', async () => {
  const keysOf = Array.from({ length: 300 }, (_, n) => `${'x'.repeat(900)}${String(n).padStart(4, '0')}`);
  const texts = Object.fromEntries(keysOf.map((key) => [key, 'text']));
  const [objects, bytes] = await Promise.all(
    [undefined, () => undefined].map(async (packed) => {
      const place = await aPlace({ source: texts }, { batch: { maxObjects: 200 } });
      return left(packed === undefined ? place : { ...place, packed: { source: packed } });
    }),
  );
  expect(bytes).toEqual(objects);
  expect(bytes?.batches.length).toBeGreaterThan(5);
});

test('a key that is too long for the destination is an exception, and all others are transferred', async () => {
  const long = `z${'x'.repeat(1021)}`;
  const texts = { 'a/1': 'x', 'a/2': 'y', [long]: 'z' };
  const place = await aPlace({ source: texts }, { destination: { prefix: 'p/p/' } });
  const { inventory } = await left({ ...place, packed: { source: () => undefined } });
  expect(inventory.map(({ decision }) => decision)).toEqual(['transfer', 'transfer', 'exception']);
});
