import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openShardNumbers } from '../../../core/inventory/shard-numbers.ts';
import { sameEveryRun } from '../../support/hard-keys.ts';

test('numbers that were given out and not put on record are given out again first', () => {
  const numbers = openShardNumbers(0, []);
  expect([numbers.take(), numbers.take(), numbers.take()]).toEqual([0, 1, 2]);
  numbers.settle(1);
  expect([numbers.next(), numbers.unused()]).toEqual([3, [0, 2]]);
  const later = openShardNumbers(numbers.next(), numbers.unused());
  expect([later.take(), later.take(), later.take()]).toEqual([0, 2, 3]);
});

test('however often listers die, no number is on record twice and in the end none is missing', () => {
  const life = fc.record({ takes: fc.nat(6), settles: fc.nat(6), recordedAfter: fc.nat(6) });
  fc.assert(
    fc.property(fc.array(life, { maxLength: 8 }), (lives) => {
      let recorded = { next: 0, unused: [] as number[], used: new Set<number>() };
      const live = (takes: number, settles: number, recordedAfter: number) => {
        const numbers = openShardNumbers(recorded.next, recorded.unused);
        const used = new Set(recorded.used);
        const taken = Array.from({ length: takes }, () => numbers.take());
        for (const [index, number] of taken.slice(0, settles).entries()) {
          expect(used.has(number)).toBe(false);
          numbers.settle(number);
          used.add(number);
          if (index < recordedAfter)
            recorded = { next: numbers.next(), unused: numbers.unused(), used: new Set(used) };
        }
      };
      for (const { takes, settles, recordedAfter } of lives) live(takes, settles, recordedAfter);
      const rest = recorded.unused.length;
      live(rest, rest, rest);
      expect([...recorded.used].sort((a, b) => a - b)).toEqual(
        Array.from({ length: recorded.next }, (_, n) => n),
      );
    }),
    { ...sameEveryRun, numRuns: 500 },
  );
});
