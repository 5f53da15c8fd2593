import { S3Client } from '@aws-sdk/client-s3';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { RequestsMade } from '../../core/requests-made.ts';
import { afterRetries, requestCounter } from './count-requests.ts';
import { atTheWire, headersAsUtf8 } from './header-text.ts';
import { beforeSigning, plainQuery } from './plain-query.ts';
import type { S3Connection } from './resolve-connection.ts';
import type { S3Requests } from './s3-requests.ts';
import { silentLogger } from './silent-logger.ts';
import { addressOf } from './store-address.ts';

/** How hard a client tries. */
export type S3ClientOptions = {
  /** Requests for one call, the first included; 3 unless told. */
  maxAttempts?: number;
  /** Connections at the same time; 64 unless told. */
  maxSockets?: number;
  /** A connection that moves no byte for so long is given up; 60 unless told. */
  idleSeconds?: number;
  /** Everything through the SDK, as for a directory bucket, whose requests are signed in another way. */
  sdkOnly?: boolean;
};

const connectMs = 10_000;

/** Bodies from this size on wait for the store's word before they are sent: a refusal then costs nothing. */
export const askFirstFromBytes = 1024 * 1024;

/** A client of one bucket's store. */
export type S3ClientOfBucket = {
  /** For everything. */
  client: S3Client;
  /** For what is asked often; null where the bucket takes only what the SDK signs. Rejects like a request of the client. */
  requests(): Promise<S3Requests | null>;
  requestsMade(): RequestsMade;
  close(): void;
};

/**
 * A client for one bucket's store, with bounded sockets and time-outs but no limit on how long a large body
 * may take. The caller closes it.
 */
export function s3Client(connection: S3Connection, options: S3ClientOptions = {}): S3ClientOfBucket {
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
  const { middleware, count, requestsMade } = requestCounter();
  client.middlewareStack.addRelativeTo(middleware, afterRetries);
  client.middlewareStack.add(plainQuery, beforeSigning);
  client.middlewareStack.addRelativeTo(headersAsUtf8, atTheWire);
  let open: Promise<S3Requests | null> | null = null;
  let opened: S3Requests | null = null;

  async function openRequests(): Promise<S3Requests | null> {
    const address = options.sdkOnly === true ? null : await addressOf(client, connection.bucket);
    if (address === null) return null;
    // Loaded where it is needed: a function that asks no bucket starts without an HTTP client more.
    const { S3Requests } = await import('./s3-requests.ts');
    opened = new S3Requests({
      address,
      credentials: connection.credentials ?? client.config.credentials,
      maxAttempts: options.maxAttempts ?? 3,
      maxSockets: agent.maxSockets,
      connectMs,
      idleMs: (options.idleSeconds ?? 60) * 1000,
      count,
      // One clock for both: the SDK learns from every answer that it reads.
      skew: {
        get: () => client.config.systemClockOffset,
        set: (milliseconds) => {
          client.config.systemClockOffset = milliseconds;
        },
      },
    });
    return opened;
  }

  return {
    client,
    requests() {
      open ??= openRequests().catch((error: unknown) => {
        open = null;
        throw error;
      });
      return open;
    },
    requestsMade,
    close() {
      client.destroy();
      opened?.close();
    },
  };
}
