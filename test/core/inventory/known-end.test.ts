import { expect, test } from 'vitest';
import { ManualClock } from '../../../adapters/memory/clock.ts';
import { knowingItsEnd } from '../../../core/inventory/known-end.ts';
import { type PackedPage, packedKey } from '../../../core/inventory/packed-page.ts';
import type { ListPage } from '../../../core/ports.ts';
import { bucketOf } from '../../support/memory-buckets.ts';
import { withPackedPages } from '../../support/packed-store.ts';

async function opened(keys: readonly string[], asBytes = false) {
  const clock = new ManualClock(0);
  const bucket = await bucketOf(Object.fromEntries(keys.map((key) => [key, 'x'])), 0);
  const store = knowingItsEnd(asBytes ? withPackedPages(bucket) : bucket, clock);
  const keysAfter = async (startAfter: string | null, prefix = '') => {
    const query = { prefix, startAfter };
    if (store.readPage !== undefined) return store.readPage(query, keysOf);
    return keysOf(await store.listPage(query));
  };
  const asked = () => store.requestsMade()['ListObjectsV2'] ?? 0;
  return { clock, bucket, keysAfter, asked };
}

function keysOf(page: ListPage | PackedPage): string[] {
  if ('objects' in page) return page.objects.map(({ key }) => key);
  return Array.from({ length: page.count }, (_, index) => packedKey(page, index));
}

test.each([true, false])(
  'an empty destination is asked once, however many ranges look into it, as bytes: %s',
  async (asBytes) => {
    const { keysAfter, asked } = await opened([], asBytes);
    for (const after of [null, 'a', 'b']) expect(await keysAfter(after)).toEqual([]);
    expect(asked()).toBe(1);
  },
);

test.each([true, false])(
  'behind the last key nobody is asked again, and before it everybody, as bytes: %s',
  async (asBytes) => {
    const { keysAfter, asked } = await opened(['a', 'm'], asBytes);
    expect(await keysAfter('n')).toEqual([]);
    expect(await keysAfter('z')).toEqual([]);
    expect(asked()).toBe(1);
    expect(await keysAfter('b')).toEqual(['m']);
    expect(await keysAfter(null)).toEqual(['a', 'm']);
    expect(asked()).toBe(3);
  },
);

test('the end is by bytes, not by UTF-16', async () => {
  const { keysAfter, asked } = await opened(['\u{1f600}']);
  expect(await keysAfter('\u{1f601}')).toEqual([]);
  expect(await keysAfter('\uffee')).toEqual(['\u{1f600}']);
  expect(asked()).toBe(2);
});

test('what is written behind the end is seen after ten seconds, and under another prefix at once', async () => {
  const { clock, bucket, keysAfter } = await opened([]);
  expect(await keysAfter(null)).toEqual([]);
  await bucket.put('p/a', new TextEncoder().encode('x'), 1, {});
  expect(await keysAfter(null, 'p/')).toEqual(['p/a']);
  await clock.advance(9_999);
  expect(await keysAfter(null)).toEqual([]);
  await clock.advance(1);
  expect(await keysAfter(null)).toEqual(['p/a']);
});
