import type { BatchFile, BatchMessage } from '../batching/batch.ts';
import type { Clock, Copier } from '../ports.ts';
import { stoppedResult } from './copy-result.ts';

const MiB = 1024 * 1024;
/** From this size on an object is read in parts of this other size, with three HEADs at most. [adapters/rclone/rclone-flags.ts] */
const partsFromBytes = 256 * MiB;
const partBytes = 64 * MiB;

/** Requests that a copy asks of the source, when all goes well. */
export function sourceRequestsOf(
  { sizeBytes }: Pick<BatchFile, 'sizeBytes'>,
  { objectTags }: Pick<BatchMessage, 'objectTags'>,
): number {
  const tags = objectTags === 'copy' ? 1 : 0;
  return tags + (sizeBytes < partsFromBytes ? 1 : Math.ceil(sizeBytes / partBytes) + 3);
}

/**
 * A copier that begins copies no faster than the batch's ceiling on requests to the source allows, evenly spaced: a large
 * object makes those after it wait for as many requests as it needs. What is repeated within a copy is not counted.
 */
export function paceRequests(copier: Copier, clock: Clock): Copier {
  let nextAtMs = 0;
  return {
    async copy(file, batch, signal) {
      const { requestsPerSecond } = batch.limits;
      if (requestsPerSecond === null) return copier.copy(file, batch, signal);
      const nowMs = clock.nowMs();
      const atMs = Math.max(nowMs, nextAtMs);
      nextAtMs = atMs + (sourceRequestsOf(file, batch) * 1000) / requestsPerSecond;
      if (atMs > nowMs) await clock.sleep(atMs - nowMs, signal);
      return signal.aborted ? stoppedResult() : copier.copy(file, batch, signal);
    },
  };
}
