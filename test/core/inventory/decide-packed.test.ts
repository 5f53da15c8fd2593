import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openPackedDecider, packedDecisions, tallyPacked } from '../../../core/inventory/decide-packed.ts';
import type { ObjectSummary } from '../../../core/inventory/inventory-row.ts';
import { keepPage, type PackedPage } from '../../../core/inventory/packed-page.ts';
import { openSeekListing } from '../../../core/inventory/seek-listing.ts';
import type { ObjectStore } from '../../../core/ports.ts';
import { decideTransfer } from '../../../core/verification/decide-transfer.ts';
import { keysInOrder, sameEveryRun } from '../../support/hard-keys.ts';
import { withPackedPages } from '../../support/packed-store.ts';

const md5 = 'd41d8cd98f00b204e9800998ecf8427e';
const facts = fc.record({
  sizeBytes: fc.constantFrom(0, 1, 5_000_000_000_000),
  etag: fc.constantFrom(md5, md5.toUpperCase(), `${md5}-2`, md5.replace('d', 'e'), 'an-id'),
  modifiedAtMs: fc.constantFrom(0, 999, 1000, 86_400_000),
});
const objects = fc
  .dictionary(fc.string({ unit: fc.constantFrom('a', 'b', '/', '~'), minLength: 1, maxLength: 4 }), facts, {
    maxKeys: 30,
  })
  .map((all) =>
    keysInOrder(Object.keys(all)).flatMap((key): ObjectSummary[] => {
      const known = all[key];
      return known === undefined ? [] : [{ key, ...known, storageClass: 'STANDARD' }];
    }),
  );

/** Lists these objects under a prefix, in pages of a size. */
function storeOf(held: ObjectSummary[], pageSize: number, prefix = ''): Pick<ObjectStore, 'listPage'> {
  const all = held.map((object) => ({ ...object, key: prefix + object.key }));
  return {
    async listPage({ startAfter }) {
      const left = all.filter(
        ({ key }) => startAfter === null || Buffer.compare(Buffer.from(key), Buffer.from(startAfter)) > 0,
      );
      return { objects: left.slice(0, pageSize), more: left.length > pageSize };
    },
  };
}

function packedPage(held: ObjectSummary[]): Promise<PackedPage> {
  return withPackedPages(storeOf(held, 1000)).readPage({ prefix: '', startAfter: null }, (page) => {
    if ('objects' in page) throw new Error('these objects did not come as bytes');
    return keepPage(page, page.count);
  });
}

test('pages as bytes are decided for as their objects are, whatever size, ETag and time say on both sides', async () => {
  const seen = new Set<number>();
  await fc.assert(
    fc.asyncProperty(
      objects,
      objects,
      fc.record({
        pageSize: fc.integer({ min: 1, max: 8 }),
        prefix: fc.constantFrom('', 'into/'),
        asBytes: fc.boolean(),
      }),
      fc.constantFrom('keep', 'replace', 'replace-if-different'),
      fc.record({
        compare: fc.constantFrom('checksum', 'size'),
        sourceEtagIsMd5: fc.boolean(),
        destinationEtagIsMd5: fc.boolean(),
      }),
      async (here, copies, { pageSize, prefix, asBytes }, existing, trust) => {
        fc.pre(here.length > 0);
        const store = withPackedPages(storeOf(copies, pageSize, prefix));
        const range = { after: null, upTo: null };
        const there = openSeekListing(store, { prefix, range }, { asBytes });
        const decider = openPackedDecider(there, { prefix, existing, trust });
        const page = await packedPage(here);
        const into = new Uint8Array(page.count).fill(0xff);
        for (let at = decider.decide(page, 0, page.count, into); at < page.count; ) {
          await decider.goOn(page, at);
          at = decider.decide(page, at, page.count, into);
        }
        const expected = here.map((object) => {
          const copy = copies.find(({ key }) => key === object.key) ?? null;
          return decideTransfer(object, copy, existing, trust);
        });
        expect(Array.from(into, (number) => packedDecisions[number])).toEqual(expected);
        for (const number of into) seen.add(number);
        const { tallies, chosen } = tallyPacked(page, into);
        const chosenKeys = expected.flatMap((decision, index) => (decision === 'transfer' ? [index] : []));
        expect([...chosen]).toEqual(chosenKeys);
        const counted = Object.values(tallies).reduce((sum, tally) => sum + tally.objects, 0);
        expect(counted).toBe(here.length);
      },
    ),
    { ...sameEveryRun, numRuns: 500 },
  );
  expect(seen.size).toBe(packedDecisions.length);
});
