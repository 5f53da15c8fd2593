import { z } from 'zod';
import type { Tally } from './outcome.ts';

/** What arrived in `widthMs` milliseconds from `startMs` on; `startMs` is a multiple of `widthMs`. */
export const ThroughputBucket = z.strictObject({
  startMs: z.int(),
  widthMs: z.int().min(1),
  objects: z.int().min(0),
  bytes: z.int().min(0),
});
export type ThroughputBucket = z.infer<typeof ThroughputBucket>;

/** Most buckets that are kept, so that weeks of work take no more room than an hour. */
const mostBuckets = 120;

/** The finest width of a bucket. */
export const finestWidthMs = 250;

/** What arrived at an instant. */
export type Arrival = Tally & { atMs: number };

/**
 * Adds what arrived to the buckets, in time order and all of one width; when there are more than 120, neighbours are
 * joined and the width doubles.
 */
export function addToBuckets(
  buckets: readonly ThroughputBucket[],
  arrivals: readonly Arrival[],
): ThroughputBucket[] {
  const widthMs = buckets[0]?.widthMs ?? finestWidthMs;
  const added = arrivals.map(({ atMs, ...size }) => ({ startMs: atMs, widthMs, ...size }));
  return squeeze(merge([...buckets, ...added], widthMs));
}

/** Joins the buckets of many workers into one series. */
export function joinBuckets(series: readonly (readonly ThroughputBucket[])[]): ThroughputBucket[] {
  const all = series.flat();
  const widthMs = Math.max(finestWidthMs, ...all.map((bucket) => bucket.widthMs));
  return squeeze(merge(all, widthMs));
}

function squeeze(buckets: ThroughputBucket[]): ThroughputBucket[] {
  let fitting = buckets;
  for (
    let first = fitting[0], last = fitting.at(-1);
    first && last;
    first = fitting[0], last = fitting.at(-1)
  ) {
    const span = (last.startMs - first.startMs) / first.widthMs + 1;
    if (span <= mostBuckets) break;
    fitting = merge(fitting, first.widthMs * 2);
  }
  return fitting;
}

function merge(buckets: readonly ThroughputBucket[], widthMs: number): ThroughputBucket[] {
  const byStart = new Map<number, ThroughputBucket>();
  for (const { startMs, objects, bytes } of buckets) {
    const start = Math.floor(startMs / widthMs) * widthMs;
    const there = byStart.get(start) ?? { startMs: start, widthMs, objects: 0, bytes: 0 };
    byStart.set(start, { ...there, objects: there.objects + objects, bytes: there.bytes + bytes });
  }
  return [...byStart.values()].sort((a, b) => a.startMs - b.startMs);
}
