import { S3Client } from '@aws-sdk/client-s3';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { RequestsMade } from '../../core/requests-made.ts';
import { afterRetries, requestCounter } from './count-requests.ts';
import { atTheWire, headersAsUtf8 } from './header-text.ts';
import { beforeSigning, plainQuery } from './plain-query.ts';
import type { S3Connection } from './resolve-connection.ts';
import { silentLogger } from './silent-logger.ts';

/** How hard a client tries. */
export type S3ClientOptions = {
  /** Requests for one call, the first included; 3 unless told. */
  maxAttempts?: number;
  /** Connections at the same time; 64 unless told. */
  maxSockets?: number;
  /** A connection that moves no byte for so long is given up; 60 unless told. */
  idleSeconds?: number;
};

const connectMs = 10_000;

/** Bodies from this size on wait for the store's word before they are sent: a refusal then costs nothing. */
const askFirstFromBytes = 1024 * 1024;

/**
 * A client for one bucket's store, with bounded sockets and time-outs but no limit on how long a large body
 * may take. The caller ends it with `destroy`.
 */
export function s3Client(
  connection: S3Connection,
  options: S3ClientOptions = {},
): { client: S3Client; requestsMade: () => RequestsMade } {
  const agent = { maxSockets: options.maxSockets ?? 64, keepAlive: true };
  const client = new S3Client({
    region: connection.region,
    ...(connection.endpoint === null ? {} : { endpoint: connection.endpoint, forcePathStyle: true }),
    ...(connection.credentials === null ? {} : { credentials: connection.credentials }),
    logger: silentLogger,
    maxAttempts: options.maxAttempts ?? 3,
    retryMode: 'standard',
    // Third-party stores refuse or misread the checksums that newer SDKs add on their own.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    expectContinueHeader: askFirstFromBytes,
    requestHandler: new NodeHttpHandler({
      connectionTimeout: connectMs,
      socketTimeout: (options.idleSeconds ?? 60) * 1000,
      httpAgent: agent,
      httpsAgent: agent,
      logger: silentLogger,
    }),
  });
  const { middleware, requestsMade } = requestCounter();
  client.middlewareStack.addRelativeTo(middleware, afterRetries);
  client.middlewareStack.add(plainQuery, beforeSigning);
  client.middlewareStack.addRelativeTo(headersAsUtf8, atTheWire);
  return { client, requestsMade };
}
