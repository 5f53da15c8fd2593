import { createHash } from 'node:crypto';
import type { BatchFile, BatchMessage } from '../../core/batching/batch.ts';
import type { Clock, Copier, ObjectStore } from '../../core/ports.ts';
import type { RequestsMade } from '../../core/requests-made.ts';
import { StoreError } from '../../core/store-error.ts';
import { type CopyEnding, endingOf, endingOfOpening, exception } from '../../core/transfer/copy-failure.ts';
import { md5Of, propertiesFor } from '../../core/transfer/copy-properties.ts';
import type { CopyResult } from '../../core/transfer/copy-result.ts';
import { readRanges } from './read-ranges.ts';

const mebibyte = 1024 * 1024;

/** Amazon S3's largest object that this migration writes. */
const largestBytes = 5 * 1024 * 1024 * mebibyte;

export type CopyStores = { source: ObjectStore; destination: ObjectStore };

export type SdkCopierOptions = {
  /** The stores of a batch; the same ones for the same buckets as long as their credentials hold. */
  storesFor(batch: BatchMessage): Promise<CopyStores>;
  clock: Clock;
  /** Objects up to this size are checked in memory before they are written; 8 MiB unless told. */
  checkFirstBytes?: number;
  /** Objects above this size are read range by range of this size; 64 MiB unless told. */
  rangeBytes?: number;
};

/** What one attempt does with one object. */
type Attempt = CopyStores & { file: BatchFile; batch: BatchMessage; signal: AbortSignal; bytesRead: number };

/** The two ways to end early, told apart from faults of this program. */
class Ended extends Error {
  override readonly name = 'Ended';
  readonly ending: CopyEnding;
  constructor(ending: CopyEnding) {
    super(ending.result);
    this.ending = ending;
  }
}

/**
 * Copies an object byte for byte through the AWS SDK, for the keys that rclone cannot address: content
 * headers, user metadata and tags (the rules' win), storage class and KMS key included.
 *
 * The bytes are held against the source's ETag where that is an MD5. Some stores' ETags look like one and
 * are none: bytes that come out the same in two readings are believed.
 */
export class SdkCopier implements Copier {
  readonly #options: Required<SdkCopierOptions>;
  readonly #reported = new WeakMap<ObjectStore, RequestsMade>();

  constructor(options: SdkCopierOptions) {
    this.#options = { checkFirstBytes: 8 * mebibyte, rangeBytes: 64 * mebibyte, ...options };
  }

  async copy(file: BatchFile, batch: BatchMessage, signal: AbortSignal): Promise<CopyResult> {
    let stores: CopyStores;
    try {
      stores = await this.#options.storesFor(batch);
    } catch (error) {
      const requests = { source: {}, destination: {} };
      return { carrier: 'sdk', requests, sizeBytes: 0, ...endingOfOpening(error) };
    }
    for (const store of [stores.source, stores.destination]) {
      if (!this.#reported.has(store)) this.#reported.set(store, store.requestsMade());
    }
    const attempt: Attempt = { ...stores, file, batch, signal, bytesRead: 0 };
    const ending = await this.#move(attempt).catch((error: unknown): CopyEnding => {
      if (signal.aborted) return { result: 'stopped', side: 'unknown', reason: 'the worker stops' };
      if (error instanceof Ended) return error.ending;
      return {
        result: 'retry',
        side: 'unknown',
        reason: error instanceof Error ? error.message : String(error),
      };
    });
    const requests = {
      source: this.#newRequests(stores.source),
      destination: this.#newRequests(stores.destination),
    };
    return { carrier: 'sdk', requests, sizeBytes: attempt.bytesRead, ...ending };
  }

  async #move(attempt: Attempt): Promise<CopyEnding> {
    const { file } = attempt;
    if (file.sizeBytes > largestBytes)
      return exception('too-large', `the object has ${file.sizeBytes} bytes`);
    let before: string | null = null;
    for (let reading = 1; reading <= 2; reading++) {
      // Whatever is still open of the source when this reading ends is let go.
      const reader = new AbortController();
      const signal = AbortSignal.any([attempt.signal, reader.signal]);
      try {
        const outcome = await this.#readAndWrite({ ...attempt, signal }, before, (bytes) => {
          attempt.bytesRead += bytes;
        });
        if (outcome === 'copied') return { result: 'copied' };
        before = outcome.read;
      } finally {
        reader.abort();
      }
    }
    const reason = 'source: two readings gave different bytes, neither with the MD5 that the ETag tells';
    return { result: 'retry', side: 'source', reason };
  }

  /** `before`: the MD5 in hex of the reading before this one, which the ETag did not confirm. */
  async #readAndWrite(
    attempt: Attempt,
    before: string | null,
    onRead: (bytes: number) => void,
  ): Promise<'copied' | { read: string }> {
    const { source, destination, file, signal } = attempt;
    const { rangeBytes, checkFirstBytes } = this.#options;
    const ranged = file.sizeBytes > rangeBytes;
    const opened = await at('source', () =>
      source.get(file.key, { signal, ...(ranged ? { range: { first: 0, last: rangeBytes - 1 } } : {}) }),
    );
    if (opened === null)
      throw new Ended(exception('source-missing', 'source: the object is not there any more'));
    const { details } = opened;
    const asksTags = attempt.batch.objectTags === 'copy' && details.tagCount !== 0;
    const tags = asksTags ? await at('source', () => tagsOf(source, file.key)) : {};
    const properties = propertiesFor(details, tags, file, attempt.batch);
    const ofEtag = md5Of(details);
    const isBelieved = (read: string) => ofEtag === null || read === ofEtag || read === before;
    const hash = createHash('md5');
    let fault: unknown;
    async function* bytes(from: AsyncIterable<Uint8Array>) {
      try {
        for await (const chunk of from) {
          hash.update(chunk);
          onRead(chunk.byteLength);
          yield chunk;
        }
      } catch (error) {
        fault = error;
        throw error;
      }
    }
    const whole = ranged ? readRanges(source, file.key, opened, { ...this.#options, signal }) : opened.body;
    if (details.sizeBytes <= checkFirstBytes) {
      const content = await at('source', () => collect(bytes(whole)));
      const read = hash.digest('hex');
      if (!isBelieved(read)) return { read };
      await at('destination', () =>
        destination.put(
          file.to,
          content,
          content.byteLength,
          { ...properties, contentMd5: base64(read) },
          signal,
        ),
      );
      return 'copied';
    }
    const expected = before ?? ofEtag;
    const contentMd5 = expected === null ? null : base64(expected);
    let damaged = false;
    try {
      const sent = { ...properties, contentMd5 };
      await destination.put(file.to, bytes(whole), details.sizeBytes, sent, signal);
    } catch (error) {
      if (fault !== undefined) throw new Ended(endingOf(fault, 'source'));
      damaged = expected !== null && error instanceof StoreError && error.code === 'BadDigest';
      if (!damaged) throw new Ended(endingOf(error, 'destination'));
    }
    const read = hash.digest('hex');
    return isBelieved(read) && !damaged ? 'copied' : { read };
  }

  /** Objects share a store: each reports what was sent since the last report, and the sum is exact. */
  #newRequests(store: ObjectStore): RequestsMade {
    const made = store.requestsMade();
    const before = this.#reported.get(store) ?? {};
    this.#reported.set(store, made);
    return Object.fromEntries(
      Object.entries(made)
        .map(([operation, count]) => [operation, count - (before[operation] ?? 0)] as const)
        .filter(([, count]) => count > 0),
    );
  }
}

async function at<T>(side: 'source' | 'destination', call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw new Ended(endingOf(error, side));
  }
}

/** A store that knows no tags has none to copy. */
async function tagsOf(source: ObjectStore, key: string): Promise<Record<string, string>> {
  try {
    return await source.tags(key);
  } catch (error) {
    if (error instanceof StoreError && error.kind === 'unsupported') return {};
    throw error;
  }
}

function base64(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64');
}

async function collect(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}
