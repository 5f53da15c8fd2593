import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openAlphabets } from '../../../core/keyspace/alphabets.ts';
import { openPositions } from '../../../core/keyspace/key-positions.ts';
import type { RangeSoFar } from '../../../core/keyspace/range-so-far.ts';
import { splitRange } from '../../../core/keyspace/split-range.ts';
import { anyKey, closeKey, keysInOrder, sameEveryRun } from '../../support/hard-keys.ts';

const key = fc.oneof(
  closeKey(8),
  anyKey(8),
  fc.integer({ min: 0, max: 99_999 }).map((n) => `logs/${n}`),
  // As long as a key may be: there is no room for a cut behind its last places.
  fc.integer({ min: 0, max: 99_999 }).map((n) => `${'x'.repeat(1008)}${String(n).padStart(16, '0')}`),
);
const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

test('a cut lies strictly inside of the range, is valid UTF-8 and no longer than a key may be', () => {
  let cuts = 0;
  let parts = 0;
  fc.assert(
    fc.property(
      fc.array(key, { minLength: 1, maxLength: 40 }),
      fc.nat(),
      fc.nat(4),
      fc.boolean(),
      fc.option(key),
      fc.option(key),
      (keys, at, back, ceilingIsKey, one, other) => {
        const known = keysInOrder(keys);
        const cursorAt = at % known.length;
        const cursor = known[cursorAt] ?? '';
        const [upTo = null, ceiling = null] = keysInOrder([one, other].flatMap((each) => each ?? [])).filter(
          (each) => byBytes(each, cursor) > 0,
        );
        const soFar: RangeSoFar = {
          cursor,
          first: known[Math.max(0, cursorAt - back)] ?? cursor,
          pageFirst: known[Math.max(0, cursorAt - 1)] ?? cursor,
          pages: back + 1,
          before: known[Math.max(0, cursorAt - back - 1)] ?? null,
          upTo,
          ceiling,
          ceilingIsKey,
          emptyProbes: back % 3,
        };
        const alphabets = openAlphabets();
        for (const each of known) alphabets.learn(each);
        const found = splitRange(soFar, alphabets);
        if (found === null) return;
        cuts += 1;
        expect(byBytes(found.cut, cursor)).toBeGreaterThan(0);
        if (upTo !== null) expect(byBytes(found.cut, upTo)).toBeLessThan(0);
        expect(found.cut.isWellFormed()).toBe(true);
        expect(Buffer.byteLength(found.cut)).toBeLessThanOrEqual(1024);
        expect(found.pagesLeft).toBeGreaterThanOrEqual(0);
        const spread = found.spread(2 + (at % 7));
        expect(spread.length).toBeGreaterThan(0);
        parts += spread.length;
        for (const [n, each] of spread.entries()) {
          expect(byBytes(each, spread[n - 1] ?? cursor)).toBeGreaterThan(0);
          if (upTo !== null) expect(byBytes(each, upTo)).toBeLessThan(0);
          expect(each.isWellFormed()).toBe(true);
          expect(Buffer.byteLength(each)).toBeLessThanOrEqual(1024);
        }
      },
    ),
    { ...sameEveryRun, numRuns: 3000 },
  );
  expect(cuts).toBeGreaterThan(1500);
  expect(parts).toBeGreaterThan(1500);
});

test('while nothing is known of a bucket, all digits of its first key are looked behind at once, the innermost first', () => {
  const [first, cursor] = ['data/2024-object-000000', 'data/2024-object-000999'];
  const known = { first, cursor, pageFirst: first, pages: 1, before: null, upTo: null };
  const nothing = { ceiling: null, ceilingIsKey: false, emptyProbes: 0 };
  const found = splitRange({ ...known, ...nothing }, openAlphabets());
  const starts = ['object-000', 'object-00', 'object-0'].map((each) => `data/2024-${each}`);
  const behind = [...starts, 'data/2024', 'data/202', 'data/20', 'data/2'];
  expect(found?.spread(8)).toEqual(behind.map((start) => `${start}\u{10fffd}`));
});

describe('a range whose keys are known on both sides', () => {
  const between = (cursor: string, ceiling: string, learnt: readonly string[]) => {
    const alphabets = openAlphabets();
    for (const each of learnt) alphabets.learn(each);
    const [first = cursor] = learnt;
    return splitRange(
      {
        cursor,
        first,
        pageFirst: first,
        pages: 2,
        before: null,
        upTo: ceiling,
        ceiling,
        ceilingIsKey: true,
        emptyProbes: 0,
      },
      alphabets,
    )?.cut;
  };

  test('is cut in the middle of its counter', () => {
    const learnt = Array.from({ length: 40 }, (_, n) => `data/object-${String(n * 250).padStart(6, '0')}`);
    expect(between('data/object-001000', 'data/object-009000', learnt)).toMatch(/^data\/object-00[45]/);
  });

  test('is cut between two keys that are far apart in an alphabet that was not seen yet', () => {
    const cut =
      between('\u{1f300}\u{1f301}', '\u{1f500}\u{1f301}', ['\u{1f300}\u{1f300}', '\u{1f300}\u{1f301}']) ?? '';
    expect(cut.codePointAt(0)).toBe(0x1f400);
  });

  test('is not cut where nothing lies between its ends', () => {
    expect(between('a', 'a\u0000', ['a'])).toBeUndefined();
  });
});

test('behind the last of all digits hardly anything is expected, and behind the last of some letters more of them', () => {
  const left = (cursor: string, upTo: string, learnt: readonly string[]) => {
    const alphabets = openAlphabets();
    for (const each of learnt) alphabets.learn(each);
    const [first = cursor] = learnt;
    const known = { cursor, first, pageFirst: first, pages: 2, before: null, upTo };
    const soFar = { ...known, ceiling: null, ceilingIsKey: false, emptyProbes: 0 };
    return splitRange(soFar, alphabets)?.pagesLeft ?? 0;
  };
  const numbers = Array.from({ length: 100 }, (_, n) => `run-${String(n).padStart(2, '0')}`);
  expect(left('run-99', 'run-\u{10fffd}', numbers)).toBeLessThan(1);
  const letters = Array.from(
    { length: 48 },
    (_, n) => `run-${'mnopqr'[Math.floor(n / 8)]}${'ABCDEFGH'[n % 8]}`,
  );
  expect(left('run-rH', 'run-\u{10fffd}', letters)).toBeGreaterThan(1000);
});

test('positions keep the order of keys, and a key stands where it is made from', () => {
  fc.assert(
    fc.property(fc.array(key, { minLength: 2, maxLength: 30 }), (keys) => {
      const alphabets = openAlphabets();
      for (const each of keys) alphabets.learn(each);
      const positions = openPositions('', alphabets);
      const order = keysInOrder(keys);
      order.slice(1).forEach((each, index) => {
        expect(positions.of(each)).toBeGreaterThanOrEqual(positions.of(order[index] ?? ''));
      });
      for (const at of [0.1, 0.5, 0.9]) {
        const made = positions.keyAt(at, 8);
        expect(made.isWellFormed()).toBe(true);
        expect(positions.of(made)).toBeLessThanOrEqual(at + 1e-9);
      }
    }),
    { ...sameEveryRun, numRuns: 300 },
  );
});
