import { describe, expect, test } from 'vitest';
import { StoreError, type StoreErrorKind } from '../../../core/store-error.ts';
import { compareContent, isSampled } from '../../../core/verification/compare-content.ts';
import { bucketOf, putText } from '../../support/memory-buckets.ts';

describe('the bytes of two objects', () => {
  const long = 'x'.repeat(200_000);

  test.each<[string, string, string | null, string | null]>([
    ['that are the same', 'same', long, long],
    ['that are none on both sides', 'same', '', ''],
    ['that differ in the last one', 'different', long, `${long.slice(1)}y`],
    ['of which one side has more', 'different', long, `${long}x`],
    ['of which the source is gone', 'source-gone', null, 'x'],
    ['of which the copy is gone', 'copy-gone', 'x', null],
    ['of which both are gone', 'source-gone', null, null],
  ])('%s: %s', async (_, result, left, right) => {
    const source = await bucketOf(left === null ? {} : { a: left });
    const destination = await bucketOf(right === null ? {} : { 'p/a': right });
    expect(await compareContent({ store: source, key: 'a' }, { store: destination, key: 'p/a' })).toBe(
      result,
    );
  });

  test('cannot be read when the copy lies in an archive', async () => {
    const source = await bucketOf({ a: 'x' });
    const destination = await bucketOf();
    await putText(destination, 'a', 'x', { storageClass: 'DEEP_ARCHIVE' });
    expect(await compareContent({ store: source, key: 'a' }, { store: destination, key: 'a' })).toBe(
      'unreadable',
    );
  });

  test.each<[StoreErrorKind, boolean]>([
    ['denied', true],
    ['archived', true],
    ['failed', false],
    ['throttled', false],
    ['credential', false],
  ])('when the source answers %s: unreadable %s', async (kind, unreadable) => {
    const [source, destination] = [await bucketOf({ a: 'x' }), await bucketOf({ a: 'x' })];
    const refusal = new StoreError(kind, 'No: no', { code: 'No' });
    source.failNext('GetObject', refusal);
    const compared = compareContent({ store: source, key: 'a' }, { store: destination, key: 'a' });
    if (unreadable) expect(await compared).toBe('unreadable');
    else await expect(compared).rejects.toBe(refusal);
  });
});

describe('the sample of keys whose bytes are compared', () => {
  const keys = Array.from({ length: 5000 }, (_, index) => `k/${index}`);
  const sampled = (share: number) => keys.filter((key) => isSampled(key, share));

  test('is none of them, all of them, or about its share', () => {
    expect(sampled(0)).toEqual([]);
    expect(sampled(1)).toEqual(keys);
    expect(sampled(0.1).length).toBeGreaterThan(440);
    expect(sampled(0.1).length).toBeLessThan(560);
  });

  test('is the same every time, and part of any larger one', () => {
    expect(sampled(0.01)).toEqual(sampled(0.01));
    const larger = new Set(sampled(0.1));
    expect(sampled(0.01).every((key) => larger.has(key))).toBe(true);
  });
});
