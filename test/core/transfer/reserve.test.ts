import { expect, test } from 'vitest';
import { adaptReserve, openReserve } from '../../../core/transfer/reserve.ts';

test('a pipe that ran dry has more in front of it the next time, eight times as much at most', () => {
  let reserve = openReserve(10);
  const seen = Array.from({ length: 5 }, () => {
    reserve = adaptReserve(reserve, true);
    return reserve.files;
  });
  expect(seen).toEqual([20, 40, 80, 80, 80]);
});

test('a pipe that stays full gives back what it does not need, down to what may be in flight', () => {
  let reserve = adaptReserve(openReserve(10), true);
  const before = reserve.files;
  reserve = adaptReserve(reserve, false);
  expect(reserve.files).toBeLessThan(before);
  for (let n = 0; n < 200; n++) reserve = adaptReserve(reserve, false);
  expect(reserve.files).toBe(10);
});
