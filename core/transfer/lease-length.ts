/** The longest that SQS leaves a message in flight, since it was received, in seconds. [src: SQS quotas, visibility timeout] */
export const longestInFlightSeconds = 43_200;

/** Fewer batches than this say nothing about their 95th percentile. */
const fewestSeen = 20;

/** So many are remembered; older ones no longer tell how it goes now. */
const mostSeen = 200;

/** Durations of the last batches in seconds, oldest first. */
export type Durations = readonly number[];

/** Adds how long a batch took, from its reception until it was settled, and forgets the oldest beyond 200. */
export function addDuration(seen: Durations, seconds: number): Durations {
  return [...seen.slice(-(mostSeen - 1)), seconds];
}

/**
 * How long the first lease of a message is to be, in whole seconds: twice the 95th percentile of the last batches, so
 * that of twenty batches nineteen end before their lease is extended, which is at half its length and costs a
 * request. Until twenty were seen it is `usualSeconds`; never less than half of that, lest a pause of the network
 * loses leases, nor more than ten times of it, since a lost worker's messages come back no sooner; nor more
 * than the 12 hours that SQS allows.
 */
export function leaseSecondsFor(seen: Durations, usualSeconds: number): number {
  if (seen.length < fewestSeen) return usualSeconds;
  const sorted = seen.toSorted((a, b) => a - b);
  const p95 = sorted[Math.ceil(sorted.length * 0.95) - 1] ?? 0;
  const fewest = Math.max(2, Math.ceil(usualSeconds / 2));
  return Math.min(longestInFlightSeconds, 10 * usualSeconds, Math.max(fewest, Math.ceil(2 * p95)));
}
