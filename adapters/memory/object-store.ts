import { createHash } from 'node:crypto';
import { firstIndex } from '../../core/keyspace/first-index.ts';
import { compareKeys } from '../../core/keyspace/key-order.ts';
import type {
  Clock,
  LevelPage,
  ListPage,
  ObjectDetails,
  ObjectProperties,
  ObjectStore,
  UnfinishedUpload,
} from '../../core/ports.ts';
import { addRequests, type RequestsMade } from '../../core/requests-made.ts';
import { StoreError } from '../../core/store-error.ts';
import { levelPage } from './level-page.ts';
import { MemoryPartUploads } from './part-uploads.ts';

type Stored = {
  bytes: Uint8Array;
  properties: ObjectProperties;
  tags: Record<string, string>;
  details: ObjectDetails;
};

/** The operations that a test can let fail, by their name at S3. */
export type FailableOperation =
  | 'ListObjectsV2'
  | 'HeadObject'
  | 'GetObject'
  | 'PutObject'
  | 'DeleteObject'
  | 'GetObjectTagging'
  | 'PutObjectTagging'
  | 'CreateMultipartUpload'
  | 'UploadPart'
  | 'ListParts'
  | 'CompleteMultipartUpload'
  | 'AbortMultipartUpload';

type Failure = { operation: FailableOperation; error: StoreError; key: string | null; times: number };

const longestKeyBytes = 1024;
const archiveClasses = ['GLACIER', 'DEEP_ARCHIVE'];

/** A bucket in memory: S3's order, limits, MD5 ETags, conditions and refusals. */
export class MemoryObjectStore implements ObjectStore {
  readonly #clock: Clock;
  readonly #objects = new Map<string, Stored>();
  /** The keys in UTF-8 byte order; null after a change, until the next listing sorts them. */
  #sorted: string[] | null = null;
  readonly parts: MemoryPartUploads;
  #failures: Failure[] = [];
  readonly #made: RequestsMade = {};

  constructor(clock: Clock) {
    this.#clock = clock;
    this.parts = new MemoryPartUploads(clock, {
      request: (operation, key) => this.#request(operation, key),
      store: (key, bytes, etag, properties) => this.#store(key, bytes, etag, properties),
    });
  }

  /** Lets the next `times` calls of the operation throw, for one key where one is given. */
  failNext(
    operation: FailableOperation,
    error: StoreError,
    options: { key?: string; times?: number } = {},
  ): void {
    this.#failures.push({ operation, error, key: options.key ?? null, times: options.times ?? 1 });
  }

  /** Leaves an upload that was begun and not ended. */
  beginUpload(key: string): UnfinishedUpload {
    return this.parts.beginNow(key, {});
  }

  async listPage(query: Parameters<ObjectStore['listPage']>[0]): Promise<ListPage> {
    this.#request('ListObjectsV2', null);
    const { prefix, startAfter, maxKeys = 1000 } = query;
    this.#sorted ??= [...this.#objects.keys()].sort(compareKeys);
    const objects: ListPage['objects'] = [];
    const most = Math.min(maxKeys, 1000);
    const after =
      startAfter === null ? 0 : firstIndex(this.#sorted, (key) => compareKeys(key, startAfter) > 0);
    // Keys of one prefix stand together in byte order, the prefix itself first.
    const first = firstIndex(this.#sorted, (key) => compareKeys(key, prefix) >= 0);
    for (let at = Math.max(after, first); at < this.#sorted.length; at++) {
      const details = this.#objects.get(this.#sorted[at] ?? '')?.details;
      if (details === undefined || !details.key.startsWith(prefix)) break;
      if (objects.length === most) return { objects, more: true };
      const { key, sizeBytes, etag, modifiedAtMs, storageClass } = details;
      objects.push({ key, sizeBytes, etag, modifiedAtMs, storageClass: storageClass ?? 'STANDARD' });
    }
    return { objects, more: false };
  }

  async listLevel(query: Parameters<NonNullable<ObjectStore['listLevel']>>[0]): Promise<LevelPage> {
    return levelPage((place) => this.listPage(place), query);
  }

  async head(key: string): Promise<ObjectDetails | null> {
    this.#request('HeadObject', key);
    const details = this.#objects.get(key)?.details;
    return details === undefined ? null : { ...details, tagCount: null };
  }

  async get(key: string, options: Parameters<ObjectStore['get']>[1] = {}) {
    this.#request('GetObject', key);
    if (options.signal?.aborted === true) throw refusal('failed', 'AbortError', null);
    const stored = this.#objects.get(key);
    if (stored === undefined) return null;
    const { bytes, details } = stored;
    if (options.ifMatch !== undefined && options.ifMatch !== details.etag) {
      throw refusal('precondition', 'PreconditionFailed', 412);
    }
    if (archiveClasses.includes(details.storageClass ?? ''))
      throw refusal('archived', 'InvalidObjectState', 403);
    const { first, last } = options.range ?? { first: 0, last: bytes.byteLength };
    if (options.range !== undefined && first >= bytes.byteLength)
      throw refusal('precondition', 'InvalidRange', 416);
    return { details: { ...details }, body: piecesOf(bytes.subarray(first, last + 1)) };
  }

  async put(
    key: string,
    body: Uint8Array | AsyncIterable<Uint8Array>,
    sizeBytes: number,
    properties: ObjectProperties,
    signal?: AbortSignal,
  ): Promise<{ etag: string | null }> {
    this.#request('PutObject', key);
    const bytes = body instanceof Uint8Array ? body.slice() : await collect(body, signal);
    if (signal?.aborted === true) throw refusal('failed', 'AbortError', null);
    if (bytes.byteLength !== sizeBytes) throw refusal('failed', 'BodyLengthMismatch', null);
    if (Buffer.byteLength(key) > longestKeyBytes) throw refusal('rejected', 'KeyTooLongError', 400);
    const md5 = createHash('md5').update(bytes).digest();
    if (typeof properties.contentMd5 === 'string' && properties.contentMd5 !== md5.toString('base64')) {
      throw refusal('failed', 'BadDigest', 400);
    }
    const etag = md5.toString('hex');
    this.#store(key, bytes, etag, properties);
    return { etag };
  }

  async delete(key: string): Promise<void> {
    this.#request('DeleteObject', key);
    if (this.#objects.delete(key)) this.#sorted = null;
  }

  async tags(key: string): Promise<Record<string, string>> {
    this.#request('GetObjectTagging', key);
    const stored = this.#objects.get(key);
    if (stored === undefined) throw refusal('failed', 'NoSuchKey', 404);
    return { ...stored.tags };
  }

  async tag(key: string, tags: Record<string, string>): Promise<void> {
    this.#request('PutObjectTagging', key);
    const stored = this.#objects.get(key);
    if (stored === undefined) throw refusal('failed', 'NoSuchKey', 404);
    stored.tags = { ...tags };
    stored.details.tagCount = Object.keys(tags).length;
  }

  async *unfinishedUploads(prefix: string): AsyncIterable<UnfinishedUpload> {
    yield* this.parts.unfinished(prefix);
  }

  async abortUpload(upload: Pick<UnfinishedUpload, 'key' | 'uploadId'>): Promise<void> {
    this.parts.abort(upload);
  }

  requestsMade(): RequestsMade {
    return addRequests({}, this.#made);
  }

  close(): void {}

  #store(key: string, bytes: Uint8Array, etag: string, properties: ObjectProperties): void {
    const tags = { ...properties.tags };
    const details = this.#detailsOf(key, bytes.byteLength, etag, properties, Object.keys(tags).length);
    if (!this.#objects.has(key)) this.#sorted = null;
    this.#objects.set(key, { bytes, properties, tags, details });
  }

  #detailsOf(
    key: string,
    sizeBytes: number,
    etag: string,
    properties: ObjectProperties,
    tagCount: number,
  ): ObjectDetails {
    return {
      key,
      sizeBytes,
      etag,
      modifiedAtMs: this.#clock.nowMs(),
      storageClass: properties.storageClass ?? null,
      contentType: properties.contentType ?? null,
      contentEncoding: properties.contentEncoding ?? null,
      contentLanguage: properties.contentLanguage ?? null,
      contentDisposition: properties.contentDisposition ?? null,
      cacheControl: properties.cacheControl ?? null,
      expires: properties.expires ?? null,
      metadata: lowerCased(properties.metadata ?? {}),
      encryption: typeof properties.kmsKeyId === 'string' ? 'aws:kms' : null,
      tagCount,
    };
  }

  #request(operation: FailableOperation, key: string | null): void {
    this.#made[operation] = (this.#made[operation] ?? 0) + 1;
    const failure = this.#failures.find(
      (planned) => planned.operation === operation && (planned.key === null || planned.key === key),
    );
    if (failure === undefined) return;
    failure.times -= 1;
    if (failure.times <= 0) this.#failures = this.#failures.filter((planned) => planned !== failure);
    throw failure.error;
  }
}

function refusal(kind: StoreError['kind'], code: string, status: number | null): StoreError {
  return new StoreError(kind, `${code}: refused by the store in memory`, { code, status });
}

/** Names of user metadata are header names: S3 keeps them in lower case. */
function lowerCased(metadata: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(metadata).map(([name, value]) => [name.toLowerCase(), value]));
}

async function* piecesOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  const pieceBytes = 64 * 1024;
  for (let at = 0; at < bytes.byteLength; at += pieceBytes) yield bytes.slice(at, at + pieceBytes);
}

async function collect(body: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) {
    if (signal?.aborted === true) break;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
