import { createHash } from 'node:crypto';
import type { Clock, HeldPart, ObjectProperties, PartUploads, UnfinishedUpload } from '../../core/ports.ts';
import { StoreError } from '../../core/store-error.ts';

type Held = HeldPart & { bytes: Uint8Array };
type Open = UnfinishedUpload & { properties: ObjectProperties; parts: Map<number, Held> };
type Address = Pick<UnfinishedUpload, 'key' | 'uploadId'>;

/** What the uploads need of the store that they belong to. */
type Bucket = {
  request(
    operation:
      | 'CreateMultipartUpload'
      | 'UploadPart'
      | 'ListParts'
      | 'CompleteMultipartUpload'
      | 'AbortMultipartUpload',
    key: string,
  ): void;
  store(key: string, bytes: Uint8Array, etag: string, properties: ObjectProperties): void;
};

/** Multipart uploads of the store in memory: S3's ETags and refusals. Under a KMS key each writing of a part has an ETag of its own. */
export class MemoryPartUploads implements PartUploads {
  readonly #clock: Clock;
  readonly #bucket: Bucket;
  #open: Open[] = [];
  #begun = 0;
  #written = 0;

  constructor(clock: Clock, bucket: Bucket) {
    this.#clock = clock;
    this.#bucket = bucket;
  }

  beginNow(key: string, properties: ObjectProperties): UnfinishedUpload {
    this.#begun += 1;
    const upload = { key, uploadId: `upload-${this.#begun}`, initiatedAtMs: this.#clock.nowMs() };
    this.#open.push({ ...upload, properties, parts: new Map() });
    return upload;
  }

  unfinished(prefix: string): UnfinishedUpload[] {
    return this.#open
      .filter(({ key }) => key.startsWith(prefix))
      .map(({ key, uploadId, initiatedAtMs }) => ({ key, uploadId, initiatedAtMs }));
  }

  abort(upload: Address): void {
    this.#bucket.request('AbortMultipartUpload', upload.key);
    this.#open = this.#open.filter((open) => !isSame(open, upload));
  }

  async begin(key: string, properties: ObjectProperties): Promise<{ uploadId: string }> {
    this.#bucket.request('CreateMultipartUpload', key);
    return { uploadId: this.beginNow(key, properties).uploadId };
  }

  async write(upload: Address, part: number, bytes: Uint8Array, signal?: AbortSignal): Promise<HeldPart> {
    this.#bucket.request('UploadPart', upload.key);
    if (signal?.aborted === true) throw refusal('AbortError', null);
    const { parts, properties } = this.#find(upload);
    const sealed = createHash('md5').update(bytes);
    if (typeof properties.kmsKeyId === 'string') sealed.update(String(++this.#written));
    const held = { part, etag: sealed.digest('hex'), bytes: bytes.slice() };
    parts.set(part, held);
    return { part, etag: held.etag };
  }

  async *held(upload: Address): AsyncIterable<HeldPart & { sizeBytes: number }> {
    this.#bucket.request('ListParts', upload.key);
    const parts = [...this.#find(upload).parts.values()].sort((a, b) => a.part - b.part);
    yield* parts.map(({ part, etag, bytes }) => ({ part, etag, sizeBytes: bytes.byteLength }));
  }

  async complete(upload: Address, parts: readonly HeldPart[]): Promise<{ etag: string }> {
    this.#bucket.request('CompleteMultipartUpload', upload.key);
    const open = this.#find(upload);
    const joined = createHash('md5');
    const bodies: Uint8Array[] = [];
    for (const { part, etag } of parts) {
      const held = open.parts.get(part);
      if (held === undefined || held.etag !== etag) throw refusal('InvalidPart', 400);
      joined.update(Buffer.from(etag, 'hex'));
      bodies.push(held.bytes);
    }
    const etag = `${joined.digest('hex')}-${parts.length}`;
    this.#bucket.store(upload.key, Buffer.concat(bodies), etag, open.properties);
    this.#open = this.#open.filter((other) => other !== open);
    return { etag };
  }

  #find(upload: Address): Open {
    const open = this.#open.find((other) => isSame(other, upload));
    if (open === undefined) throw refusal('NoSuchUpload', 404);
    return open;
  }
}

function isSame(a: Address, b: Address): boolean {
  return a.key === b.key && a.uploadId === b.uploadId;
}

function refusal(code: string, status: number | null): StoreError {
  return new StoreError('failed', `${code}: refused by the store in memory`, { code, status });
}
