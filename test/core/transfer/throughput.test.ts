import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Arrival,
  addToBuckets,
  finestWidthMs,
  joinBuckets,
  ThroughputBucket,
} from '../../../core/transfer/throughput.ts';
import { sameEveryRun } from '../../support/hard-keys.ts';

const startMs = 1_760_000_000_000;
const arrivals = (spanMs: number) =>
  fc.array(
    fc.record({
      atMs: fc.integer({ min: 0, max: spanMs }).map((afterMs) => startMs + afterMs),
      objects: fc.integer({ min: 0, max: 3 }),
      bytes: fc.integer({ min: 0, max: 1e6 }),
    }),
    { maxLength: 60 },
  );
const anyArrivals = fc.oneof(
  arrivals(1000),
  arrivals(60_000),
  arrivals(86_400_000),
  arrivals(30 * 86_400_000),
);

const inBuckets = (list: readonly Arrival[]) =>
  list.reduce<ThroughputBucket[]>((buckets, arrival) => addToBuckets(buckets, [arrival]), []);
const sum = (list: readonly { objects: number; bytes: number }[]) => ({
  objects: list.reduce((total, { objects }) => total + objects, 0),
  bytes: list.reduce((total, { bytes }) => total + bytes, 0),
});

function checkSeries(buckets: readonly ThroughputBucket[]): void {
  expect(buckets.length).toBeLessThanOrEqual(120);
  for (const bucket of buckets) {
    expect(() => ThroughputBucket.parse(bucket)).not.toThrow();
    expect(bucket.widthMs).toBe(buckets[0]?.widthMs);
    expect(bucket.startMs % bucket.widthMs).toBe(0);
    expect(Math.log2(bucket.widthMs / finestWidthMs) % 1).toBe(0);
  }
  buckets.slice(1).forEach((bucket, index) => {
    expect(bucket.startMs).toBeGreaterThan(buckets[index]?.startMs ?? 0);
  });
}

test('what is added is neither lost nor counted twice, in however many buckets', () => {
  fc.assert(
    fc.property(anyArrivals, (list) => {
      const buckets = inBuckets(list);
      checkSeries(buckets);
      expect(sum(buckets)).toEqual(sum(list));
    }),
    { ...sameEveryRun, numRuns: 200 },
  );
});

test('the series of many workers join into one that holds the same', () => {
  fc.assert(
    fc.property(fc.array(anyArrivals, { maxLength: 4 }), (workers) => {
      const series = workers.map(inBuckets);
      const joined = joinBuckets(series);
      checkSeries(joined);
      expect(sum(joined)).toEqual(sum(workers.flat()));
    }),
    { ...sameEveryRun, numRuns: 100 },
  );
});

describe('buckets', () => {
  const one = { objects: 1, bytes: 10 };

  test('are a quarter of a second wide at first', () => {
    expect(
      inBuckets([
        { atMs: 1249, ...one },
        { atMs: 1000, ...one },
        { atMs: 1250, ...one },
      ]),
    ).toEqual([
      { startMs: 1000, widthMs: 250, objects: 2, bytes: 20 },
      { startMs: 1250, widthMs: 250, objects: 1, bytes: 10 },
    ]);
  });

  test('keep their width for 120 of them, and double it then', () => {
    const widthOf = (lastMs: number) =>
      inBuckets([
        { atMs: 0, ...one },
        { atMs: lastMs, ...one },
      ])[0]?.widthMs;
    expect(widthOf(119 * 250)).toBe(250);
    expect(widthOf(120 * 250)).toBe(500);
    expect(widthOf(30 * 86_400_000)).toBe(250 * 2 ** 17);
  });

  test('of no worker are none', () => {
    expect(joinBuckets([])).toEqual([]);
    expect(joinBuckets([[], []])).toEqual([]);
  });
});
