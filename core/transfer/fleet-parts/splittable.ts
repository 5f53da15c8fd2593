import { type BatchMessage, isRcloneLocation } from '../../batching/batch.ts';

/**
 * Whether the files of a batch may be copied in parts by the whole fleet: not where a partition belongs to one worker,
 * and not from a source without an S3 API, whose objects only rclone can read.
 */
export function isSplittable({ partition, source }: Pick<BatchMessage, 'partition' | 'source'>): boolean {
  return partition === undefined && !isRcloneLocation(source);
}
