import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { FaultInjector } from './faults.ts';
import type { RawTarget } from './raw-target.ts';
import { S3Error } from './s3-error.ts';
import type { Bucket, Storehouse } from './storehouse.ts';

/** What every operation works on. */
export type ServerState = {
  readonly storehouse: Storehouse;
  readonly faults: FaultInjector;
  /** The region the server says it is in. */
  readonly region: string;
  readonly minimumPartBytes: number;
};

export type S3Request = {
  readonly method: string;
  readonly target: RawTarget;
  readonly headers: IncomingHttpHeaders;
  readonly message: IncomingMessage;
};

export type S3Answer = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | readonly Uint8Array[] | AsyncIterable<Uint8Array>;
  /** To be given with a body that is a stream, and with a HEAD. */
  readonly sizeBytes?: number;
};

export type Operation = (server: ServerState, request: S3Request) => S3Answer | Promise<S3Answer>;

/** The bucket a request addresses. @throws {S3Error} NoSuchBucket */
export function addressedBucket(server: ServerState, name: string): Bucket {
  const bucket = server.storehouse.bucket(name);
  if (bucket === undefined) throw new S3Error('NoSuchBucket', { elements: { BucketName: name } });
  return bucket;
}

/** An answer that is an XML document. */
export function xmlAnswer(document: string | readonly Uint8Array[], status = 200): S3Answer {
  return { status, headers: { 'content-type': 'application/xml' }, body: document };
}

/** A header as one string, or undefined. */
export function header(request: Pick<S3Request, 'headers'>, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}
