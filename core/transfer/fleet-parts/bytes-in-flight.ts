import type { BatchFile, BatchMessage } from '../../batching/batch.ts';
import { isSplittable } from './splittable.ts';

/**
 * Bytes that a file of a message takes of a worker's budget: those of its run of parts, none where it is only to be
 * split (`fromBytes`: the size above which that is done), else all of them.
 */
export function bytesInFlight(
  file: Pick<BatchFile, 'sizeBytes'>,
  batch: Pick<BatchMessage, 'run' | 'partition' | 'source'>,
  fromBytes: number = Number.POSITIVE_INFINITY,
): number {
  if (batch.run !== undefined) return batch.run.sizeBytes;
  return file.sizeBytes > fromBytes && isSplittable(batch) ? 0 : file.sizeBytes;
}
