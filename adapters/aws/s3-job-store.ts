import { hash } from 'node:crypto';
import { type JobStore, VersionConflict } from '../../core/ports.ts';
import { StoreError } from '../../core/store-error.ts';
import type { S3Connection } from './resolve-connection.ts';
import { type S3ClientOfBucket, type S3ClientOptions, s3Client } from './s3-client.ts';
import { storeError } from './s3-errors.ts';
import { S3ObjectStore } from './s3-object-store.ts';
import { confirmedEtag } from './s3-properties.ts';

/**
 * The job store in a bucket. A file's version is its ETag, and conditional writes are If-Match and
 * If-None-Match, so that they hold between any number of writers. Throws `StoreError` and `VersionConflict`.
 */
export class S3JobStore implements JobStore {
  readonly #connection: S3Connection;
  readonly #objects: S3ObjectStore;
  readonly #client: S3ClientOfBucket;

  constructor(connection: S3Connection, options: S3ClientOptions = {}) {
    this.#connection = connection;
    this.#objects = new S3ObjectStore(connection, options);
    this.#client = s3Client(connection, options);
  }

  async read(path: string): Promise<{ bytes: Uint8Array; version: string } | null> {
    const found = await this.#objects.get(path);
    if (found === null) return null;
    const chunks: Uint8Array[] = [];
    for await (const chunk of found.body) chunks.push(chunk);
    return { bytes: Buffer.concat(chunks), version: found.details.etag ?? '' };
  }

  async stream(path: string): Promise<AsyncIterable<Uint8Array> | null> {
    return (await this.#objects.get(path))?.body ?? null;
  }

  async write(
    path: string,
    bytes: Uint8Array,
    options: { replaces?: string | null } = {},
  ): Promise<{ version: string }> {
    const { replaces } = options;
    try {
      return { version: await this.#put(path, bytes, conditionOf(replaces)) };
    } catch (failure) {
      const error = storeError(failure, this.#connection.region);
      if (replaces === undefined || !isConflict(error)) throw error;
      const own = await this.#writtenBefore(path, bytes, failure);
      if (own !== null) return own;
      const found = replaces === null ? 'exists already' : `is not the version ${replaces} that was read`;
      throw new VersionConflict(`${this.address(path)} ${found}. Read it again and decide anew.`);
    }
  }

  /** A listing writes thousands of files: through the SDK they cost it more than everything else that it does. */
  async #put(path: string, body: Uint8Array, condition: Record<string, string>): Promise<string> {
    const requests = await this.#client.requests();
    if (requests === null)
      throw new StoreError(
        'unsupported',
        `the job store cannot be in ${this.#connection.bucket}: it is a directory bucket, or one that takes no plain signature. Name a general purpose bucket.`,
        { code: 'UnsupportedBucket' },
      );
    const headers = {
      'content-type': contentTypeOf(path),
      'content-md5': hash('md5', body, 'base64'),
      ...condition,
    };
    const answer = await requests.collect({
      operation: 'PutObject',
      method: 'PUT',
      key: path,
      headers,
      body,
    });
    return confirmedEtag(answer.headers.etag);
  }

  /** A retry of a write whose answer was lost meets its own file, which is no conflict. */
  async #writtenBefore(
    path: string,
    bytes: Uint8Array,
    failure: unknown,
  ): Promise<{ version: string } | null> {
    if (attemptsOf(failure) <= 1) return null;
    const current = await this.read(path);
    return current !== null && Buffer.compare(current.bytes, bytes) === 0
      ? { version: current.version }
      : null;
  }

  async *list(prefix: string): AsyncIterable<string> {
    let startAfter: string | null = null;
    let more = true;
    while (more) {
      const page = await this.#objects.listPage({ prefix, startAfter });
      for (const { key } of page.objects) yield key;
      startAfter = page.objects.at(-1)?.key ?? startAfter;
      more = page.more;
    }
  }

  delete(path: string): Promise<void> {
    return this.#objects.delete(path);
  }

  address(path: string): string {
    return `s3://${this.#connection.bucket}/${path}`;
  }

  /** Closes the connections; the process can end then. */
  close(): void {
    this.#objects.close();
    this.#client.close();
  }
}

function conditionOf(replaces: string | null | undefined): Record<string, string> {
  if (replaces === undefined) return {};
  return replaces === null ? { 'if-none-match': '*' } : { 'if-match': `"${replaces}"` };
}

/** If-Match on an object that is not there any more is a 404. [src: Amazon S3 user guide, conditional writes] */
function isConflict(error: StoreError): boolean {
  return error.kind === 'precondition' || error.code === 'NoSuchKey';
}

function attemptsOf(failure: unknown): number {
  if (typeof failure !== 'object' || failure === null || !('$metadata' in failure)) return 1;
  return (failure.$metadata as { attempts?: number }).attempts ?? 1;
}

/** A browser opens the report instead of downloading it. */
function contentTypeOf(path: string): string {
  if (path.endsWith('.html')) return 'text/html; charset=utf-8';
  return path.endsWith('.json') ? 'application/json' : 'application/octet-stream';
}
