import { expect, test } from 'vitest';
import { ManualClock } from '../../../adapters/memory/clock.ts';
import { knowingItsEnd } from '../../../core/inventory/known-end.ts';
import { bucketOf } from '../../support/memory-buckets.ts';

async function opened(keys: readonly string[]) {
  const clock = new ManualClock(0);
  const bucket = await bucketOf(Object.fromEntries(keys.map((key) => [key, 'x'])), 0);
  const store = knowingItsEnd(bucket, clock);
  const keysAfter = async (startAfter: string | null, prefix = '') =>
    (await store.listPage({ prefix, startAfter })).objects.map(({ key }) => key);
  const asked = () => store.requestsMade()['ListObjectsV2'] ?? 0;
  return { clock, bucket, keysAfter, asked };
}

test('an empty destination is asked once, however many ranges look into it', async () => {
  const { keysAfter, asked } = await opened([]);
  for (const after of [null, 'a', 'b']) expect(await keysAfter(after)).toEqual([]);
  expect(asked()).toBe(1);
});

test('behind the last key nobody is asked again, and before it everybody', async () => {
  const { keysAfter, asked } = await opened(['a', 'm']);
  expect(await keysAfter('n')).toEqual([]);
  expect(await keysAfter('z')).toEqual([]);
  expect(asked()).toBe(1);
  expect(await keysAfter('b')).toEqual(['m']);
  expect(await keysAfter(null)).toEqual(['a', 'm']);
  expect(asked()).toBe(3);
});

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
