import type { BatchFile, BatchMessage } from '../batching/batch.ts';
import type { Clock, Copier } from '../ports.ts';
import type { RequestsMade } from '../requests-made.ts';
import { bytesInFlight } from './fleet-parts/bytes-in-flight.ts';
import type { CeilingsNow } from './follow-fleet.ts';
import { openRateLimit, type RateLimit } from './rate-limit.ts';

const MiB = 1024 * 1024;

/** From this size on an object is read in parts of this other size, with three HEADs at most. [adapters/rclone/rclone-flags.ts] */
const partsFromBytes = 256 * MiB;
const partBytes = 64 * MiB;

/**
 * A copier that keeps to the ceilings of its migration, whoever moves the object: requests to the source and bytes are
 * taken before a copy begins, and what it needed beyond that (repetitions, an object that has grown) is put on account.
 * `fromBytes`: the size above which objects are split for the fleet, each run then counting for itself.
 */
export function withinLimits(
  copier: Copier,
  { clock, ceilings, fromBytes }: { clock: Clock; ceilings: CeilingsNow; fromBytes?: number },
): Copier {
  const open = new Map<string, { requests: RateLimit; bytes: RateLimit; requestsBeyond: number }>();

  function limitsOf({ folder }: BatchMessage) {
    const known = open.get(folder) ?? {
      requests: openRateLimit(clock),
      bytes: openRateLimit(clock),
      requestsBeyond: 0,
    };
    open.set(folder, known);
    return known;
  }

  return {
    async copy(file, batch, signal) {
      const { requestsPerSecond, bandwidthBytesPerSecond } = await ceilings(batch);
      if (requestsPerSecond === null && bandwidthBytesPerSecond === null)
        return copier.copy(file, batch, signal);
      const limits = limitsOf(batch);
      const { requests, bytes } = limits;
      requests.setRate(requestsPerSecond);
      bytes.setRate(bandwidthBytesPerSecond);
      const expected = {
        requests: sourceRequestsOf(file, batch),
        bytes: bytesInFlight(file, batch, fromBytes),
      };
      await Promise.all([requests.take(expected.requests, signal), bytes.take(expected.bytes, signal)]);
      const result = await copier.copy(file, batch, signal);
      // Copies that share a store report each other's requests: only their sum is exact, and is settled as such.
      limits.requestsBeyond += sumOf(result.requests.source) - expected.requests;
      if (limits.requestsBeyond > 0) {
        requests.add(limits.requestsBeyond);
        limits.requestsBeyond = 0;
      }
      bytes.add(Math.max(0, result.sizeBytes - expected.bytes));
      return result;
    },
  };
}

/** Requests that a copy asks of the source, when all goes well. */
export function sourceRequestsOf(
  { sizeBytes }: Pick<BatchFile, 'sizeBytes'>,
  { objectTags, run }: Pick<BatchMessage, 'objectTags' | 'run'>,
): number {
  if (run !== undefined) return run.lastPart - run.firstPart + 1;
  const tags = objectTags === 'copy' ? 1 : 0;
  return tags + (sizeBytes < partsFromBytes ? 1 : Math.ceil(sizeBytes / partBytes) + 3);
}

function sumOf(made: RequestsMade): number {
  let sum = 0;
  for (const operation in made) sum += made[operation] ?? 0;
  return sum;
}
