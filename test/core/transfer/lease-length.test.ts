import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addDuration, type Durations, leaseSecondsFor } from '../../../core/transfer/lease-length.ts';
import { sameEveryRun } from '../../support/hard-keys.ts';

const times = (count: number, seconds: number): number[] => Array.from({ length: count }, () => seconds);

describe('the first lease of a message', () => {
  test.each<[string, Durations, number]>([
    ['is the usual one while fewer than twenty batches were seen', times(19, 1000), 300],
    ['is twice what nineteen of twenty batches take', [...times(19, 200), 9000], 400],
    ['does not follow the one slow batch of twenty', [...times(95, 200), ...times(5, 9000)], 400],
    ['follows when more than one of twenty is slow', [...times(94, 200), ...times(6, 1000)], 2000],
    ['is half the usual one at least', times(50, 1), 150],
    ['is ten times the usual one at most', times(50, 40_000), 3000],
  ])('%s', (_, seen, seconds) => {
    expect(leaseSecondsFor(seen, 300)).toBe(seconds);
  });

  test('is never longer than SQS allows', () => {
    expect(leaseSecondsFor(times(50, 40_000), 20_000)).toBe(43_200);
  });

  test('covers nineteen of twenty batches twice over, within its bounds, in whole seconds', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 50_000, noNaN: true }), { minLength: 20, maxLength: 250 }),
        fc.integer({ min: 2, max: 43_200 }),
        (seen, usual) => {
          const lease = leaseSecondsFor(seen, usual);
          expect(Number.isInteger(lease)).toBe(true);
          expect(lease).toBeGreaterThanOrEqual(Math.min(usual / 2, 43_200));
          expect(lease).toBeLessThanOrEqual(Math.min(10 * usual, 43_200));
          const slower = seen.filter((seconds) => 2 * seconds > lease).length;
          if (lease < Math.min(10 * usual, 43_200)) expect(slower).toBeLessThanOrEqual(seen.length / 20);
        },
      ),
      sameEveryRun,
    );
  });
});

test('only the last two hundred batches count', () => {
  const slow: Durations = times(200, 1000);
  const later = times(200, 1).reduce<Durations>(addDuration, slow);
  expect(later).toEqual(times(200, 1));
});
