import { SQSClient } from '@aws-sdk/client-sqs';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { silentLogger } from './silent-logger.ts';

/** Where the queue is. Without `credentials` the default AWS chain is used; without `endpoint` Amazon SQS. */
export type SqsConnection = {
  queueUrl: string;
  region: string;
  endpoint?: string | null;
  credentials?: { accessKeyId: string; secretAccessKey: string; sessionToken?: string } | null;
  /** The rest of the lease of a message that is given back; 0 unless told. fauxqs 2.4.1 forgets it at 0 when it persists. */
  releaseSeconds?: number;
};

/** How connections to a queue are kept. The longest long poll moves no byte for 20 seconds. */
export const queueConnections = { maxSockets: 64, connectMs: 10_000, idleMs: 60_000 } as const;

/** The SDK's client for a queue. The caller destroys it. */
export function sqsClient({ region, endpoint, credentials }: SqsConnection): SQSClient {
  const { maxSockets, connectMs, idleMs } = queueConnections;
  const agent = { maxSockets, keepAlive: true };
  return new SQSClient({
    region,
    ...(endpoint == null ? {} : { endpoint, useQueueUrlAsEndpoint: false }),
    ...(credentials == null ? {} : { credentials }),
    logger: silentLogger,
    maxAttempts: 5,
    retryMode: 'standard',
    requestHandler: new NodeHttpHandler({
      connectionTimeout: connectMs,
      socketTimeout: idleMs,
      httpAgent: agent,
      httpsAgent: agent,
      logger: silentLogger,
    }),
  });
}
