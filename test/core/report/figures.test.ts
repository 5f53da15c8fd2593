import { expect, test } from 'vitest';
import { byteTicks, timeTicks, valueTicks } from '../../../core/report/axis.ts';
import {
  byteRateText,
  countText,
  durationText,
  objectRateText,
  shareText,
} from '../../../core/report/figures.ts';

test.each([
  [0, '0 s'],
  [0.01, '< 0.1 s'],
  [0.14, '0.1 s'],
  [9.96, '10 s'],
  [59.6, '1 min'],
  [725, '12 min 5 s'],
  [3599.7, '1 h'],
  [4320, '1 h 12 min'],
  [86_399, '1 d'],
  [1_149_474, '13 d 7 h'],
])('%s seconds read as %s', (seconds, text) => {
  expect(durationText(seconds)).toBe(text);
});

test('counts have thousands separators', () => {
  expect([0, 999, 1000, 1_200_000_000].map(countText)).toEqual(['0', '999', '1,000', '1,200,000,000']);
});

test('a share never claims all or nothing where there is a rest', () => {
  expect([
    shareText(0, 0),
    shareText(1, 5_000_000),
    shareText(4_999_999, 5_000_000),
    shareText(5, 5),
    shareText(1, 3),
  ]).toEqual(['0 %', '< 0.1 %', '> 99.9 %', '100 %', '33.3 %']);
});

test('a rate without time is not a number', () => {
  expect([byteRateText(5, 0), objectRateText(5, 0), objectRateText(1, 1000), objectRateText(25, 10)]).toEqual(
    ['–', '–', '< 0.1 objects/s', '2.5 objects/s'],
  );
});

test('a time axis has round marks, few of them', () => {
  expect(timeTicks(4320, 6).map(({ label }) => label)).toEqual(['0', '15 min', '30 min', '45 min', '1 h']);
  expect(timeTicks(1_149_474, 6).map(({ label }) => label)).toEqual(['0', '3 d', '6 d', '9 d', '12 d']);
  expect(timeTicks(0, 6)).toEqual([{ at: 0, label: '0' }]);
  for (const span of [0.003, 1, 7, 61, 1e4, 1e7, 1e9]) {
    expect(timeTicks(span, 6).length).toBeLessThanOrEqual(8);
  }
});

test('a value axis reaches the highest value in round steps and one unit', () => {
  expect(byteTicks(409 * 1024 ** 2).map(({ label }) => label)).toEqual([
    '200 MiB/s',
    '400 MiB/s',
    '600 MiB/s',
  ]);
  expect(valueTicks(0, 'objects/s')).toEqual([{ at: 1, label: '1 objects/s' }]);
  for (const highest of [0.02, 0.9, 1, 3, 1023, 1169, 12_345_678]) {
    const ticks = valueTicks(highest, 'x');
    expect(ticks.at(-1)?.at).toBeGreaterThanOrEqual(highest);
    expect(ticks.length).toBeLessThanOrEqual(5);
  }
});
