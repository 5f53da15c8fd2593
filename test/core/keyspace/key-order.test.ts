import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareKeys } from '../../../core/keyspace/key-order.ts';
import { anyKey, closeKey, sameEveryRun } from '../../support/hard-keys.ts';

const bytesOrder = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

test('keys compare as their UTF-8 bytes do', () => {
  const key = fc.oneof(anyKey(), closeKey());
  const pair = fc.oneof(
    fc.tuple(key, key),
    fc.tuple(key, key, key).map(([a, b, c]): [string, string] => [a + b, a + c]),
    fc.tuple(key, key).map(([a, b]): [string, string] => [a, a + b]),
  );
  fc.assert(
    fc.property(pair, ([a, b]) => {
      expect(Math.sign(compareKeys(a, b))).toBe(bytesOrder(a, b));
      expect(Math.sign(compareKeys(b, a))).toBe(bytesOrder(b, a));
      expect(compareKeys(a, a)).toBe(0);
    }),
    { ...sameEveryRun, numRuns: 20_000 },
  );
});

test.each([
  ['a character beyond the basic plane comes after U+FFFD', '\ufffd', '\u{10000}'],
  ['U+E000 comes after the last character before the surrogates', '\ud7ff', '\ue000'],
  ['two astral characters compare by their second half', '\u{10000}', '\u{10001}'],
  ['a prefix comes before what it begins', 'a', 'a\u0000'],
  ['the empty text comes before every key', '', '\u0000'],
  ['upper case comes before lower case', 'Z', 'a'],
  ['composed and decomposed letters are two keys', 'e\u0301', 'é'],
])('%s', (_, first, second) => {
  expect(compareKeys(first, second)).toBeLessThan(0);
  expect(compareKeys(second, first)).toBeGreaterThan(0);
  expect(bytesOrder(first, second)).toBe(-1);
});
