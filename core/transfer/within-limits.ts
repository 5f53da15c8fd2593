import type { BatchFile, BatchMessage } from '../batching/batch.ts';
import type { Clock, Copier } from '../ports.ts';
import type { RequestsMade } from '../requests-made.ts';
import { bytesInFlight } from './fleet-parts/bytes-in-flight.ts';
import { openRateLimit, type RateLimit } from './rate-limit.ts';

const mebibyte = 1024 * 1024;

/** Large objects go in parts of this size, from about four of them on. */
const partBytes = 64 * mebibyte;
const partsFromBytes = 256 * mebibyte;

type Limits = { requests: RateLimit | null; bytes: RateLimit | null };

/**
 * A copier that keeps to the ceilings of its batches, whoever moves the object: requests of both sides and bytes are taken
 * before a copy begins, and what it needed beyond that (repetitions, a tag, an object that has grown) is put on account.
 * `fromBytes`: the size above which objects are split for the fleet, each run then counting for itself.
 */
export function withinLimits(copier: Copier, clock: Clock, fromBytes?: number): Copier {
  const open = new Map<string, Limits>();

  function limitsOf({ limits }: BatchMessage): Limits {
    const { requestsPerSecond, bandwidthBytesPerSecond } = limits;
    const name = `${requestsPerSecond} ${bandwidthBytesPerSecond}`;
    const known = open.get(name);
    if (known !== undefined) return known;
    const opened = {
      requests: requestsPerSecond === null ? null : openRateLimit(requestsPerSecond, clock),
      bytes: bandwidthBytesPerSecond === null ? null : openRateLimit(bandwidthBytesPerSecond, clock),
    };
    open.set(name, opened);
    return opened;
  }

  return {
    async copy(file, batch, signal) {
      const { requests, bytes } = limitsOf(batch);
      if (requests === null && bytes === null) return copier.copy(file, batch, signal);
      const expected = { requests: requestsFor(file, batch), bytes: bytesInFlight(file, batch, fromBytes) };
      await Promise.all([requests?.take(expected.requests, signal), bytes?.take(expected.bytes, signal)]);
      const result = await copier.copy(file, batch, signal);
      const made = sumOf(result.requests.source) + sumOf(result.requests.destination);
      requests?.add(Math.max(0, made - expected.requests));
      bytes?.add(Math.max(0, result.sizeBytes - expected.bytes));
      return result;
    },
  };
}

/** What a copy asks of both sides when nothing is in its way. */
function requestsFor({ sizeBytes }: BatchFile, { run, objectTags }: BatchMessage): number {
  if (run !== undefined) return 2 * (run.lastPart - run.firstPart + 1);
  const tags = objectTags === 'copy' ? 1 : 0;
  return 2 + tags + (sizeBytes < partsFromBytes ? 0 : 2 * Math.ceil(sizeBytes / partBytes));
}

function sumOf(made: RequestsMade): number {
  let sum = 0;
  for (const operation in made) sum += made[operation] ?? 0;
  return sum;
}
