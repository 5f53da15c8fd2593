import type { Clock, WorkQueue } from '../../core/ports.ts';
import { QueuePair } from './queue-pair.ts';
import type { SqsConnection } from './sqs-client.ts';
import { SqsWorkQueue } from './sqs-work-queue.ts';

/** The queue of a place; with a FIFO queue beside it, it takes message groups, which the hash strategy needs. */
export function openWorkQueue(
  { fifoQueueUrl, ...plain }: SqsConnection & { fifoQueueUrl?: string | undefined },
  clock: Clock,
): WorkQueue {
  const queue = new SqsWorkQueue(plain, clock);
  if (fifoQueueUrl === undefined) return queue;
  return new QueuePair({ plain: queue, fifo: new SqsWorkQueue({ ...plain, queueUrl: fifoQueueUrl }, clock) });
}
