import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RequestChanges } from '../../support/builders.ts';
import { sameEveryRun } from '../../support/hard-keys.ts';
import { aPlace, checkInventory, finished } from './listing-checks.ts';
import { type Place, queuedBatches } from './listing-runs.ts';

const asciiKey = fc.string({
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
  ),
  minLength: 1,
  maxLength: 6,
});
const keys = fc.oneof(
  fc.uniqueArray(asciiKey, { maxLength: 60, size: 'max' }),
  fc.nat(120).map((count) => Array.from({ length: count }, (_, n) => `logs/${String(n).padStart(5, '0')}`)),
);
const requests = fc.constantFrom<RequestChanges>(
  {},
  { destination: { prefix: 'into/', storageClass: 'STANDARD_IA' } },
  { destination: { prefix: 'ü/' } },
  { source: { prefix: 'logs/' } },
  { existing: 'replace' },
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

test('pages that come as bytes leave the same inventory and the same batches behind as objects do', async () => {
  let packed = 0;
  await fc.assert(
    fc.asyncProperty(
      keys,
      fc.constantFrom('empty', 'some', 'all'),
      requests,
      limits,
      fc.record({ pageSize: fc.integer({ min: 1, max: 50 }), shardRows: fc.integer({ min: 3, max: 40 }) }),
      async (all, there, request, batch, sizes) => {
        const texts = Object.fromEntries(all.map((key) => [key, key.repeat(2).slice(0, 9)]));
        const some = Object.entries(texts).filter((_, n) => there === 'all' || (there === 'some' && n < 4));
        const held = { source: texts, destination: Object.fromEntries(some) };
        const changes = { ...request, batch };
        const asObjects = await left(await aPlace(held, changes, sizes));
        const place = await aPlace(held, changes, sizes);
        const count = (objects: number): void => {
          packed += objects;
        };
        const asBytes = await left({ ...place, packed: count });
        expect(asBytes).toEqual(asObjects);
      },
    ),
    { ...sameEveryRun, numRuns: 120 },
  );
  expect(packed).toBeGreaterThan(500);
});

test('a file that fills a message goes alone, and none is longer than a message', async () => {
  const keysOf = Array.from({ length: 300 }, (_, n) => `${'x'.repeat(900)}${String(n).padStart(4, '0')}`);
  const texts = Object.fromEntries(keysOf.map((key) => [key, 'text']));
  const [objects, bytes] = await Promise.all(
    [undefined, () => undefined].map(async (packed) => {
      const place = await aPlace({ source: texts }, { batch: { maxObjects: 200 } });
      return left(packed === undefined ? place : { ...place, packed });
    }),
  );
  expect(bytes).toEqual(objects);
  expect(bytes?.batches.length).toBeGreaterThan(5);
});

test('a key that is too long for the destination is an exception, and all others are transferred', async () => {
  const long = `z${'x'.repeat(1021)}`;
  const texts = { 'a/1': 'x', 'a/2': 'y', [long]: 'z' };
  const place = await aPlace({ source: texts }, { destination: { prefix: 'p/p/' } });
  const { inventory } = await left({ ...place, packed: () => undefined });
  expect(inventory.map(({ decision }) => decision)).toEqual(['transfer', 'transfer', 'exception']);
});
