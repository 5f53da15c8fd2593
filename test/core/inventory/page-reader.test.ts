import fc from 'fast-check';
import { expect, test } from 'vitest';
import { packedObjects } from '../../../core/inventory/packed-page.ts';
import { readPackedPages, readPages, type Stretch } from '../../../core/inventory/page-reader.ts';
import { StoreError } from '../../../core/store-error.ts';
import { allOf } from '../../support/all-of.ts';
import { anObject } from '../../support/builders.ts';
import { anyKey, closeKey, sameEveryRun } from '../../support/hard-keys.ts';
import { ListedObjects } from '../../support/listed-objects.ts';
import { withPackedPages } from '../../support/packed-store.ts';

const key = fc.oneof(closeKey(), anyKey(4));
const asciiKey = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 4 });
const bound = fc.option(key);

const ways = {
  'as objects': readPages,
  'as bytes': async function* (store: ListedObjects, stretch: Stretch) {
    for await (const page of readPackedPages(withPackedPages(store), stretch))
      yield Array.isArray(page) ? page : packedObjects(page, 0, page.count);
  },
};

test.each(Object.entries(ways))(
  'reads exactly the keys of the stretch, each once and in order, %s',
  async (_, read) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(key, asciiKey), { maxLength: 40 }),
        fc.oneof(fc.constant(''), closeKey(2)),
        bound,
        bound,
        fc.integer({ min: 1, max: 7 }),
        async (keys, prefix, after, upTo, pageSize) => {
          const store = new ListedObjects(keys, pageSize);
          const pages = await allOf(read(store, { prefix, range: { after, upTo } }));
          expect(pages.flat()).toEqual(store.between(prefix, after, upTo));
        },
      ),
      { ...sameEveryRun, numRuns: 500 },
    );
  },
);

test('asks for the next page before the reader is done with this one, and for none after that', async () => {
  const store = new ListedObjects(['a', 'b', 'c', 'd'], 1);
  const pages = readPages(store, { prefix: '', range: { after: null, upTo: null } });
  expect(store.asked).toHaveLength(0);
  await pages.next();
  expect(store.asked.map(({ startAfter }) => startAfter)).toEqual([null, 'a']);
  await pages.next();
  expect(store.asked.map(({ startAfter }) => startAfter)).toEqual([null, 'a', 'b']);
});

test('does not read on behind the end of its range', async () => {
  const store = new ListedObjects(['a', 'b', 'c', 'd', 'e', 'f'], 2);
  const read = await allOf(readPages(store, { prefix: '', range: { after: 'a', upTo: 'c' } }));
  expect(read.flat().map((object) => object.key)).toEqual(['b', 'c']);
  expect(store.asked).toHaveLength(1);
});

test('throws what the store throws, also when it failed ahead of the reader', async () => {
  const failure = new StoreError('failed', 'InternalError: try again', { code: 'InternalError' });
  let asked = 0;
  const store = {
    async listPage() {
      asked += 1;
      if (asked === 2) throw failure;
      return { objects: [anObject('a')], more: true };
    },
  };
  const pages = readPages(store, { prefix: '', range: { after: null, upTo: null } });
  expect((await pages.next()).value).toHaveLength(1);
  await new Promise((resolve) => setImmediate(resolve));
  await expect(pages.next()).rejects.toBe(failure);
});

test('refuses an empty page that is not the last instead of taking it for the end', async () => {
  const store = { listPage: async () => ({ objects: [], more: true }) };
  const pages = readPages(store, { prefix: 'a/', range: { after: 'a/b', upTo: null } });
  await expect(pages.next()).rejects.toThrow(
    'an empty page under "a/" after "a/b" that is not the last: the listing cannot go on from there',
  );
});

test('hands its signal to the store', async () => {
  const signals: (AbortSignal | undefined)[] = [];
  const store = {
    async listPage({ signal }: { signal?: AbortSignal }) {
      signals.push(signal);
      return { objects: [], more: false };
    },
  };
  const { signal } = new AbortController();
  const stretch = { prefix: '', range: { after: null, upTo: null } };
  await readPages(store, stretch, signal).next();
  await readPages(store, stretch).next();
  expect(signals).toEqual([signal, undefined]);
});
