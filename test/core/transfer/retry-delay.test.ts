import { expect, test } from 'vitest';
import { retryDelaySeconds } from '../../../core/transfer/retry-delay.ts';

test.each([
  [1, 10, 10],
  [2, 10, 20],
  [3, 10, 40],
  [7, 10, 640],
  [8, 10, 900],
  [999_999, 10, 900],
  [1, 0, 0],
  [50, 0, 0],
  [1, 0.4, 0],
  [2, 0.4, 1],
  [1, 5000, 900],
])('attempt %d from a base of %d s waits %d s', (attempt, baseSeconds, seconds) => {
  expect(retryDelaySeconds(attempt, baseSeconds)).toBe(seconds);
});
