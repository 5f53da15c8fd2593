import type { Request } from '../request.ts';

/** A worker holds so many messages at once, each of another partition where there are enough of them. */
const perWorker = 4;

/** More would leave batches nearly empty: see `mostPending` in core/batching/pack-partitions.ts. */
const most = 4000;

/**
 * How many partitions keys are spread over; null = none, the queue strategy. A number in the request is taken as it is.
 * `auto` is 4 for each worker that may run, so that all of them have work although a partition is worked by one at a
 * time; no more than there are messages, where their number is known; from 1 to 4000.
 */
export function partitionCount(
  { partition, fleet }: Pick<Request, 'partition' | 'fleet'>,
  expectedMessages: number | null,
): number | null {
  if (partition.strategy === 'queue') return null;
  if (typeof partition.count === 'number') return partition.count;
  const useful = Math.min(perWorker * fleet.maxWorkers, expectedMessages ?? Number.POSITIVE_INFINITY, most);
  return Math.max(1, useful);
}
