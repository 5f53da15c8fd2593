import { createHash } from 'node:crypto';
import type { BatchFile, BatchMessage } from '../../core/batching/batch.ts';
import type { Clock, Copier } from '../../core/ports.ts';
import { StoreError } from '../../core/store-error.ts';
import { type CopyEnding, endingOf, endingOfOpening, exception } from '../../core/transfer/copy-failure.ts';
import { md5Of, propertiesFor } from '../../core/transfer/copy-properties.ts';
import type { CopyResult } from '../../core/transfer/copy-result.ts';
import { openNewRequests } from '../../core/transfer/new-requests.ts';
import {
  type Attempt,
  at,
  base64,
  type CopyStores,
  copyInMemory,
  Ended,
  gone,
  type Outcome,
  tagsToCopy,
} from './copy-in-memory.ts';
import { readRanges } from './read-ranges.ts';

const mebibyte = 1024 * 1024;

/** Amazon S3's largest object that this migration writes. */
const largestBytes = 5 * 1024 * 1024 * mebibyte;

export type DirectCopierOptions = {
  /** The stores of a batch; the same ones for the same buckets as long as their credentials hold. */
  storesFor(batch: BatchMessage): Promise<CopyStores>;
  clock: Clock;
  /** Objects up to this size are checked in memory before they are written; 8 MiB unless told. */
  checkFirstBytes?: number;
  /** Objects above this size are read range by range of this size; 64 MiB unless told. */
  rangeBytes?: number;
};

/**
 * Copies an object byte for byte by requests of the worker's own: small objects, and those under keys that rclone cannot
 * address. Content headers, user metadata and tags (the rules' win), storage class and KMS key arrive.
 *
 * The bytes are held against the source's ETag where that is an MD5. Some stores' ETags look like one and
 * are none: bytes that come out the same in two readings are believed.
 */
export class DirectCopier implements Copier {
  readonly #options: Required<DirectCopierOptions>;
  readonly #requests = openNewRequests();

  constructor(options: DirectCopierOptions) {
    this.#options = { checkFirstBytes: 8 * mebibyte, rangeBytes: 64 * mebibyte, ...options };
  }

  async copy(file: BatchFile, batch: BatchMessage, signal: AbortSignal): Promise<CopyResult> {
    let stores: CopyStores;
    try {
      stores = await this.#options.storesFor(batch);
    } catch (error) {
      const requests = { source: {}, destination: {} };
      return { carrier: 'direct', requests, sizeBytes: 0, ...endingOfOpening(error) };
    }
    this.#requests.open(stores.source);
    this.#requests.open(stores.destination);
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
      source: this.#requests.take(stores.source),
      destination: this.#requests.take(stores.destination),
    };
    return { carrier: 'direct', requests, sizeBytes: attempt.bytesRead, ...ending };
  }

  async #move(attempt: Attempt): Promise<CopyEnding> {
    const { file } = attempt;
    if (file.sizeBytes > largestBytes)
      return exception('too-large', `the object has ${file.sizeBytes} bytes`);
    let before: string | null = null;
    for (let reading = 1; reading <= 2; reading++) {
      const outcome = await this.#copyOnce(attempt, before);
      if (outcome === 'copied') return { result: 'copied' };
      before = outcome.read;
    }
    const reason = 'source: two readings gave different bytes, neither with the MD5 that the ETag tells';
    return { result: 'retry', side: 'source', reason };
  }

  /** `before`: the MD5 in hex of the reading before this one, which the ETag did not confirm. */
  async #copyOnce(attempt: Attempt, before: string | null): Promise<Outcome> {
    const { checkFirstBytes } = this.#options;
    const small = attempt.file.sizeBytes <= checkFirstBytes;
    const outcome = small ? await copyInMemory(attempt, before, checkFirstBytes) : null;
    if (outcome !== null) return outcome;
    // Whatever is still open of the source when this reading ends is let go.
    const reader = new AbortController();
    const signal = AbortSignal.any([attempt.signal, reader.signal]);
    try {
      return await this.#copyAsStream({ ...attempt, signal }, before, (bytes) => {
        attempt.bytesRead += bytes;
      });
    } finally {
      reader.abort();
    }
  }

  async #copyAsStream(
    attempt: Attempt,
    before: string | null,
    onRead: (bytes: number) => void,
  ): Promise<Outcome> {
    const { source, destination, file, signal } = attempt;
    const { rangeBytes } = this.#options;
    const ranged = file.sizeBytes > rangeBytes;
    const opened = await at('source', () =>
      source.get(file.key, { signal, ...(ranged ? { range: { first: 0, last: rangeBytes - 1 } } : {}) }),
    );
    if (opened === null) throw gone();
    const { details } = opened;
    const tags = await tagsToCopy(attempt, details);
    const properties = propertiesFor(details, tags, file, attempt.batch);
    const ofEtag = md5Of(details);
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
    const isBelieved = ofEtag === null || read === ofEtag || read === before;
    return isBelieved && !damaged ? 'copied' : { read };
  }
}
