import { mkdir } from 'node:fs/promises';
import { startFauxqs } from 'fauxqs';
import type { SqsConnection } from '../adapters/aws/sqs-client.ts';
import { localQueue } from '../adapters/aws/sqs-work-queue.ts';

/** Deliveries after which a message is set aside; generous, since a lost worker counts as one. */
const deliveries = 20;

/** SQS's longest retention, 14 days. [src: SQS API reference, MessageRetentionPeriod] */
const retentionSeconds = '1209600';

/** A queue that speaks SQS's protocol on loopback. */
export type QueueServer = {
  connection: SqsConnection & { endpoint: string; fifoQueueUrl: string };
  stop(): Promise<void>;
};

/**
 * Starts the queue server over a folder; the same folder gives the same messages back. Without a folder, what is in it ends
 * with the process.
 */
export async function startQueueServer(
  folder: string | null,
  { maxReceiveCount = deliveries } = {},
): Promise<QueueServer> {
  if (folder !== null) await mkdir(folder, { recursive: true });
  const place = folder === null ? {} : { dataDir: folder };
  const server = await startFauxqs({ port: 0, host: '127.0.0.1', logger: false, ...place });
  // Creating a queue that is there would empty it.
  for (const kind of ['', '.fifo']) {
    if (server.inspectQueue(`drover${kind}`) !== undefined) continue;
    // The name alone makes no FIFO queue of it here, as it does over SQS's protocol.
    const fifo = kind === '' ? {} : { FifoQueue: 'true' };
    const attributes = { MessageRetentionPeriod: retentionSeconds, ...fifo };
    const dead = server.createQueue(`drover-dead${kind}`, { attributes });
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: dead.queueArn, maxReceiveCount });
    server.createQueue(`drover${kind}`, { attributes: { ...attributes, RedrivePolicy } });
  }
  const endpoint = `http://127.0.0.1:${server.port}`;
  // The server's own idea of the URL has a host name that no URL parser takes.
  const queueUrl = `${endpoint}/000000000000/drover`;
  const fifoQueueUrl = `${queueUrl}.fifo`;
  return { connection: { ...localQueue, endpoint, queueUrl, fifoQueueUrl }, stop: () => server.stop() };
}
