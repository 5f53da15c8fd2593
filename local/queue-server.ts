import { mkdir } from 'node:fs/promises';
import { startFauxqs } from 'fauxqs';

/** Deliveries after which a message is set aside; generous, since a lost worker counts as one. */
const maxReceiveCount = 20;

/** A queue that speaks SQS's protocol on loopback. What is in it survives the process. */
export type QueueServer = { endpoint: string; queueUrl: string; stop(): Promise<void> };

/** Starts the queue server over a folder; the same folder gives the same messages back. */
export async function startQueueServer(folder: string): Promise<QueueServer> {
  await mkdir(folder, { recursive: true });
  const server = await startFauxqs({ port: 0, host: '127.0.0.1', logger: false, dataDir: folder });
  const attributes = { MessageRetentionPeriod: '1209600' };
  const dead = server.createQueue('drover-dead', { attributes });
  const redrive = JSON.stringify({ deadLetterTargetArn: dead.queueArn, maxReceiveCount });
  server.createQueue('drover', {
    attributes: { ...attributes, RedrivePolicy: redrive },
  });
  const endpoint = `http://127.0.0.1:${server.port}`;
  // The server's own idea of the URL has a host name that no URL parser takes.
  return { endpoint, queueUrl: `${endpoint}/000000000000/drover`, stop: () => server.stop() };
}
