import { mkdir } from 'node:fs/promises';
import { startFauxqs } from 'fauxqs';
import { localQueue, type SqsConnection } from '../adapters/aws/sqs-work-queue.ts';

/** Deliveries after which a message is set aside; generous, since a lost worker counts as one. */
const deliveries = 20;

/** SQS's longest retention, 14 days. [src: SQS API reference, MessageRetentionPeriod] */
const retentionSeconds = '1209600';

/** A queue that speaks SQS's protocol on loopback. What is in it survives the process. */
export type QueueServer = { connection: SqsConnection & { endpoint: string }; stop(): Promise<void> };

/** Starts the queue server over a folder; the same folder gives the same messages back. */
export async function startQueueServer(
  folder: string,
  { maxReceiveCount = deliveries } = {},
): Promise<QueueServer> {
  await mkdir(folder, { recursive: true });
  const server = await startFauxqs({ port: 0, host: '127.0.0.1', logger: false, dataDir: folder });
  // Creating a queue that is there would empty it.
  if (server.inspectQueue('drover') === undefined) {
    const attributes = { MessageRetentionPeriod: retentionSeconds };
    const dead = server.createQueue('drover-dead', { attributes });
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: dead.queueArn, maxReceiveCount });
    server.createQueue('drover', { attributes: { ...attributes, RedrivePolicy } });
  }
  const endpoint = `http://127.0.0.1:${server.port}`;
  // The server's own idea of the URL has a host name that no URL parser takes.
  const queueUrl = `${endpoint}/000000000000/drover`;
  return { connection: { ...localQueue, endpoint, queueUrl }, stop: () => server.stop() };
}
