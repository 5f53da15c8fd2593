import { z } from 'zod';

/** How many workers there may be: what Read backlog leaves in the job store about once a minute. */
export const FleetCount = z.strictObject({
  /** Workers that run, or those that are wanted where these are more. */
  workers: z.int().min(0),
  readAtMs: z.int(),
  /** Since when it was read again and again without a longer pause. */
  sinceMs: z.int(),
});
export type FleetCount = z.infer<typeof FleetCount>;

/** A worker reads the count as often as this, in milliseconds. */
export const hearEveryMs = 60_000;
/** A count that is older says nothing any more: nobody reads the fleet's size just now. */
const staleAfterMs = 300_000;
/** Time in which every worker has heard of a count, or knows that it has not: a reading, and clocks that differ. */
const heardByAllMs = hearEveryMs + 15_000;
/** By how much the clocks of two machines may differ. */
const clockSkewMs = 10_000;
/** Who begins within this time of the first count is a founder: nobody takes more than an equal share before all founders are counted. */
const foundingMs = 120_000;
/** What is left for workers that the others have not heard of. */
const forNewcomers = 0.1;

/** The count after the one before it. A long pause between them begins a new series. */
export function nextCount(before: FleetCount | null, workers: number, nowMs: number): FleetCount {
  const goesOn = before !== null && nowMs - before.readAtMs < staleAfterMs;
  return { workers, readAtMs: nowMs, sinceMs: goesOn ? before.sinceMs : nowMs };
}

/** What a worker has heard of its fleet. */
export type Hearing = {
  /** Null = nobody has counted. */
  count: FleetCount | null;
  heardAtMs: number;
  /** The first count of this series that the worker is in itself; null = none that it has heard. */
  countedAtMs: number | null;
};

/** What a worker knows after it has heard a count. */
export function hear(
  before: Hearing | null,
  count: FleetCount | null,
  { startedAtMs, nowMs }: { startedAtMs: number; nowMs: number },
): Hearing {
  const sameSeries = before?.count?.sinceMs === count?.sinceMs;
  const counted = count !== null && count.readAtMs >= startedAtMs + clockSkewMs ? count.readAtMs : null;
  return { count, heardAtMs: nowMs, countedAtMs: (sameSeries ? before?.countedAtMs : null) ?? counted };
}

/**
 * Which share of a ceiling of the whole fleet a worker may take now, so that all shares together never exceed it while
 * the fleet grows and shrinks and each worker hears of it at another time:
 *
 * - Nobody counts: one in `maxWorkers`.
 * - It is counted with all founders, and every other worker has heard so: nine tenths by the number of workers, one in
 *   `maxWorkers` at least.
 * - It is a founder, of which that is not true yet: one in `maxWorkers`.
 * - It came later, and others may not know: a tenth of one in `maxWorkers`. Newcomers share the tenth that the others leave.
 * - It has not heard for too long: the least that it might have.
 */
export function shareOf(
  hearing: Hearing | null,
  { startedAtMs, maxWorkers, nowMs }: { startedAtMs: number; maxWorkers: number; nowMs: number },
): number {
  const equal = 1 / maxWorkers;
  if (hearing === null) return forNewcomers * equal;
  const { count, heardAtMs, countedAtMs } = hearing;
  const isLate = nowMs - heardAtMs > heardByAllMs;
  if (count === null || nowMs - count.readAtMs >= staleAfterMs) return isLate ? forNewcomers * equal : equal;
  const countsAll = count.readAtMs >= count.sinceMs + foundingMs + clockSkewMs;
  const isSettled = countsAll && countedAtMs !== null && nowMs >= countedAtMs + heardByAllMs;
  const isFounder = startedAtMs < count.sinceMs + foundingMs;
  if (!isSettled) return isFounder && !isLate ? equal : forNewcomers * equal;
  const full = Math.max(equal, (1 - forNewcomers) / Math.max(1, count.workers));
  return isLate ? Math.min(equal, full) : full;
}
