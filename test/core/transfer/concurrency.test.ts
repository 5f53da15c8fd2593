import { describe, expect, test } from 'vitest';
import { adaptConcurrency, type Concurrency } from '../../../core/transfer/concurrency.ts';

const most = 32;
const after = (start: number, ...seen: ['copied' | 'throttled', number][]): number => {
  let now: Concurrency = { files: start, endedSince: 0 };
  for (const [what, times] of seen) for (let i = 0; i < times; i++) now = adaptConcurrency(now, what, most);
  return now.files;
};

describe('the files in flight', () => {
  test.each<[string, number, ['copied' | 'throttled', number][], number]>([
    ['stay at the most while all goes well', 32, [['copied', 1000]], 32],
    ['are halved by a refusal', 32, [['throttled', 1]], 16],
    ['are halved once by a burst of all that were in flight', 32, [['throttled', 33]], 16],
    ['are halved again by a refusal after that', 32, [['throttled', 34]], 8],
    [
      'are halved again by a refusal after as many copies',
      32,
      [
        ['throttled', 1],
        ['copied', 32],
        ['throttled', 1],
      ],
      8,
    ],
    [
      'are not halved again while copies that were in flight end',
      32,
      [
        ['throttled', 1],
        ['copied', 31],
        ['throttled', 1],
      ],
      16,
    ],
    ['go down to one when nothing but refusals come', 32, [['throttled', 200]], 1],
    ['never go below one', 1, [['throttled', 10]], 1],
    ['of odd number are halved downwards', 5, [['throttled', 1]], 2],
    ['grow by one after as many copies', 4, [['copied', 4]], 5],
    ['do not grow before', 4, [['copied', 3]], 4],
    ['grow by one more after one copy more', 4, [['copied', 9]], 6],
    ['grow from one', 1, [['copied', 1]], 2],
    [
      'grow again after the copies that were in flight at the halving',
      8,
      [
        ['throttled', 1],
        ['copied', 8 + 4],
      ],
      5,
    ],
    [
      'do not grow on those',
      8,
      [
        ['throttled', 1],
        ['copied', 8 + 3],
      ],
      4,
    ],
  ])('%s', (_, start, seen, files) => {
    expect(after(start, ...seen)).toBe(files);
  });
});

test('settles around what a store bears', () => {
  // The store refuses whatever is beyond 10 at once; each round ends as many copies as are in flight.
  let now: Concurrency = { files: most, endedSince: 0 };
  const files: number[] = [];
  for (let round = 0; round < 200; round++) {
    const inFlight = now.files;
    for (let i = 0; i < inFlight; i++) now = adaptConcurrency(now, i < 10 ? 'copied' : 'throttled', most);
    if (round > 20) files.push(now.files);
  }
  expect(Math.max(...files)).toBeLessThanOrEqual(11);
  expect(Math.min(...files)).toBeGreaterThanOrEqual(5);
});
