import { expect, test } from 'vitest';
import { chooseCut } from '../../../core/inventory/choose-cut.ts';
import { learnFrom, liveRange, untouched } from '../../../core/inventory/live-range.ts';
import { openAlphabets } from '../../../core/keyspace/alphabets.ts';

const limits = { maxObjects: 1, maxBytes: 1, messageBytes: 1, partitions: null };

/** A range of which one page came. */
function begun(first: string, last: string) {
  const alphabets = openAlphabets();
  const decider = { decide: () => expect.fail(), begin: () => undefined, packed: null };
  const range = liveRange(untouched(null, null), decider, limits);
  learnFrom(range, { first, last }, alphabets);
  return { range, alphabets };
}

test('a range of which nothing is known is cut in many places, and in one once too many probes found nothing', () => {
  const { range, alphabets } = begun('logs/000000000', 'logs/000000999');
  const cutsAfter = (shown: number, empty: number, slots = 64) =>
    chooseCut([range], alphabets, slots, { shown, empty })?.cuts.length;
  expect(cutsAfter(0, 0)).toBe(6);
  expect(cutsAfter(30, 19)).toBe(6);
  expect(cutsAfter(30, 20)).toBe(1);
  // Of many probes a few more may have found nothing.
  expect(cutsAfter(100, 29)).toBe(6);
  expect(cutsAfter(100, 31)).toBe(1);
  expect(cutsAfter(0, 0, 3)).toBe(2);
});
