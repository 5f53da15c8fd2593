import type { Tally } from '../../core/transfer/outcome.ts';
import type { ProgressSnapshot } from './snapshot.ts';

/** How fast objects and bytes were copied of late, and how long the rest takes; null = not known. */
export type Pace = {
  objectsPerSecond: number | null;
  bytesPerSecond: number | null;
  secondsLeft: number | null;
};

/** The stretch of time over which the rate is taken. */
export const windowSeconds = 10;

/** The shortest stretch that gives a rate: one poll that moved something is no rate yet. */
const shortestSeconds = 1;

/** What the workers had copied at one instant. */
export type Sample = { atMs: number; copied: Tally };

/** What has still to be copied. Given-up keys are off the list; their bytes are not known and stay in. */
export function leftToCopy(snapshot: ProgressSnapshot): Tally {
  const objects = Math.max(0, snapshot.toCopy.objects - snapshot.copied.objects - snapshot.exceptions);
  return { objects, bytes: objects === 0 ? 0 : Math.max(0, snapshot.toCopy.bytes - snapshot.copied.bytes) };
}

/**
 * Seconds until `left` is copied at this rate: the later of objects and bytes, because small objects are bound by
 * requests and large ones by bandwidth. Null when something is left and nothing moves.
 */
export function secondsUntilCopied(
  left: Tally,
  objectsPerSecond: number,
  bytesPerSecond: number,
): number | null {
  const byObjects = left.objects === 0 ? 0 : left.objects / objectsPerSecond;
  const byBytes = left.bytes === 0 ? 0 : left.bytes / bytesPerSecond;
  const seconds = Math.max(byObjects, byBytes);
  return Number.isFinite(seconds) ? seconds : null;
}

/**
 * The samples that the next rate is taken from: the new one and those before it in the window. The last sample
 * outside the window stays, so that the window is full even when snapshots are rare.
 */
export function slide(samples: readonly Sample[], next: Sample): Sample[] {
  const opensMs = next.atMs - windowSeconds * 1000;
  const from = samples.findLastIndex(({ atMs }) => atMs <= opensMs);
  return [...samples.slice(Math.max(0, from)), next];
}

/** The pace at the last of the samples. Time left is known only when the listing is: before, the rest grows. */
export function paceOf(samples: readonly Sample[], snapshot: ProgressSnapshot): Pace {
  const first = samples[0];
  const last = samples.at(-1);
  const seconds = first === undefined || last === undefined ? 0 : (last.atMs - first.atMs) / 1000;
  if (first === undefined || last === undefined || seconds < shortestSeconds) {
    return { objectsPerSecond: null, bytesPerSecond: null, secondsLeft: null };
  }
  const objectsPerSecond = Math.max(0, last.copied.objects - first.copied.objects) / seconds;
  const bytesPerSecond = Math.max(0, last.copied.bytes - first.copied.bytes) / seconds;
  const secondsLeft = snapshot.listingFinished
    ? secondsUntilCopied(leftToCopy(snapshot), objectsPerSecond, bytesPerSecond)
    : null;
  return { objectsPerSecond, bytesPerSecond, secondsLeft };
}
