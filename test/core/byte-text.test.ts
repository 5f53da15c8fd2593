import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  fragmentOf,
  orderOfBytes,
  overrunBytes,
  putBytes,
  putEscaped,
  putFragment,
  putNumber,
} from '../../core/byte-text.ts';
import { asciiOnly } from '../../core/json-text.ts';
import { compareKeys } from '../../core/keyspace/key-order.ts';
import { anyKey, closeKey, sameEveryRun } from '../support/hard-keys.ts';

const ascii = fc.string({ unit: 'binary-ascii', maxLength: 20 });

test('pieces that are written one behind the other read as one text', () => {
  const piece = fc.oneof(
    ascii.map((text) => ({
      text,
      put: (into: DataView, at: number) => putFragment(into, at, fragmentOf(text)),
    })),
    fc.record({ text: ascii, before: fc.nat(5) }).map(({ text, before }) => {
      const source = Buffer.from(`${'-'.repeat(before)}${text}`);
      const view = new DataView(source.buffer, source.byteOffset, source.length);
      return { text, put: (into: DataView, at: number) => putBytes(into, at, view, before, source.length) };
    }),
    fc
      .string({
        unit: fc.constantFrom('a', '~', 'é', 'ж', '\u07ff', '\u0800', '写', '\uffff', '😀', '\u{10ffff}'),
      })
      .map((key) => {
        const source = Buffer.from(key);
        const view = new DataView(source.buffer, source.byteOffset, source.length);
        return {
          text: asciiOnly(key),
          put: (into: DataView, at: number) => putEscaped(into, at, view, 0, source.length),
        };
      }),
    fc
      .oneof(
        fc.nat(),
        fc.maxSafeNat(),
        fc.constantFrom(0, 9, 10, 999_999_999, 1e9, 1e9 + 1, 5 * 1024 ** 4, 2 ** 53 - 1),
      )
      .map((number) => ({
        text: `${number}`,
        put: (into: DataView, at: number) => putNumber(into, at, number),
      })),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const text = pieces.map((each) => each.text).join('');
      const place = Buffer.alloc(text.length + overrunBytes);
      const into = new DataView(place.buffer, place.byteOffset, place.length);
      const end = pieces.reduce((at, { put }) => put(into, at), 0);
      expect(place.toString('latin1', 0, end)).toBe(text);
    }),
    { ...sameEveryRun, numRuns: 2000 },
  );
});

test('bytes are ordered as the keys that they are', () => {
  const key = fc.oneof(closeKey(), anyKey(9));
  const placed = (text: string, before: number) => {
    const bytes = Buffer.from(`${'-'.repeat(before)}${text}+++`);
    return { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length), upTo: bytes.length - 3 };
  };
  const pairs = fc.oneof(
    fc.tuple(key, key),
    key.map((same) => [same, same] as const),
    fc.tuple(key, key, key).map(([start, a, b]) => [start + a, start + b] as const),
  );
  fc.assert(
    fc.property(pairs, fc.nat(5), fc.nat(5), ([a, b], beforeA, beforeB) => {
      const [left, right] = [placed(a, beforeA), placed(b, beforeB)];
      const order = orderOfBytes(left.view, beforeA, left.upTo, right.view, beforeB, right.upTo);
      expect(Math.sign(order)).toBe(Math.sign(compareKeys(a, b)));
    }),
    { ...sameEveryRun, numRuns: 2000 },
  );
});
