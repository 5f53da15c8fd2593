import type { BatchFile, BatchMessage } from '../../batching/batch.ts';

/**
 * Bytes that a file of a message takes of a worker's budget: those of its run of parts, none where it is only to be
 * split (`fromBytes`: the size above which that is done), else all of them.
 */
export function bytesInFlight(
  file: Pick<BatchFile, 'sizeBytes'>,
  { run }: Pick<BatchMessage, 'run'>,
  fromBytes: number = Number.POSITIVE_INFINITY,
): number {
  if (run !== undefined) return run.sizeBytes;
  return file.sizeBytes > fromBytes ? 0 : file.sizeBytes;
}
