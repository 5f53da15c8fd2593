import { expect, test } from 'vitest';
import { rangeContains } from '../../../core/keyspace/key-range.ts';

test.each<[string, { after: string | null; upTo: string | null }, string, boolean]>([
  ['everything lies in a range that is open on both sides', { after: null, upTo: null }, '\u0000', true],
  ['the key that a range begins after is outside', { after: 'b', upTo: null }, 'b', false],
  ['the very next key is inside', { after: 'b', upTo: null }, 'b\u0000', true],
  ['the last key is inside', { after: null, upTo: 'b' }, 'b', true],
  ['the very next key after the last is outside', { after: null, upTo: 'b' }, 'b\u0000', false],
  ['a key before the range is outside', { after: 'b', upTo: 'd' }, 'a', false],
  ['a key within is inside', { after: 'b', upTo: 'd' }, 'c', true],
  ['order is that of bytes, not of UTF-16', { after: '\ufffd', upTo: null }, '\u{10000}', true],
  ['order is that of bytes at the end, too', { after: null, upTo: '\ufffd' }, '\u{10000}', false],
])('%s', (_, range, key, inside) => {
  expect(rangeContains(range, key)).toBe(inside);
});
