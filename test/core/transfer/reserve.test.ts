import { expect, test } from 'vitest';
import { adaptReserve, askAgainMs, openReserve } from '../../../core/transfer/reserve.ts';

const dry = { ranDry: true, sinceLastMs: askAgainMs };
const full = { ranDry: false, sinceLastMs: askAgainMs };

test('a pipe that ran dry has more in front of it the next time, eight times as much at most', () => {
  let reserve = openReserve(10);
  const seen = Array.from({ length: 5 }, () => {
    reserve = adaptReserve(reserve, dry);
    return reserve.files;
  });
  expect(seen).toEqual([20, 40, 80, 80, 80]);
});

test('a pipe that stays full gives back what it does not need, down to what may be in flight', () => {
  let reserve = adaptReserve(openReserve(10), dry);
  const before = reserve.files;
  reserve = adaptReserve(reserve, full);
  expect(reserve.files).toBeLessThan(before);
  for (let n = 0; n < 200; n++) reserve = adaptReserve(reserve, full);
  expect(reserve.files).toBe(10);
});

test('a worker that has to ask the queue again and again asks for more at once', () => {
  const often = { ranDry: false, sinceLastMs: askAgainMs - 1 };
  expect(adaptReserve(openReserve(10), often).files).toBe(20);
  expect(adaptReserve(openReserve(10), full).files).toBe(10);
});
