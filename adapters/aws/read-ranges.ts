import type { Clock, ObjectDetails, ObjectStore } from '../../core/ports.ts';
import { StoreError } from '../../core/store-error.ts';

const mostTries = 4;
const pauseMs = 500;

type Opened = { details: ObjectDetails; body: AsyncIterable<Uint8Array> };

/**
 * A large object's bytes, read range after range from the one that is open already. A broken range is taken
 * up again at the byte where it broke, three times without a byte in between at most. All ranges are of the
 * version that was opened: throws a `StoreError` of kind `precondition` when the object changes meanwhile.
 */
export async function* readRanges(
  source: ObjectStore,
  key: string,
  opened: Opened,
  options: { rangeBytes: number; clock: Clock; signal: AbortSignal },
): AsyncGenerator<Uint8Array> {
  const { rangeBytes, clock, signal } = options;
  const { sizeBytes, etag } = opened.details;
  let body: AsyncIterable<Uint8Array> | null = opened.body;
  let offset = 0;
  let tries = 1;
  while (offset < sizeBytes) {
    const end = Math.min(sizeBytes, (Math.floor(offset / rangeBytes) + 1) * rangeBytes);
    try {
      const range = { first: offset, last: end - 1 };
      body ??=
        (await source.get(key, { range, signal, ...(etag === null ? {} : { ifMatch: etag }) }))?.body ?? null;
      if (body === null) throw broken('precondition', 'the object was deleted while it was read');
      for await (const chunk of body) {
        offset += chunk.byteLength;
        tries = 1;
        yield chunk;
      }
      if (offset < end) throw broken('failed', `a range ended at byte ${offset} instead of ${end}`);
    } catch (error) {
      if (signal.aborted || !mayHeal(error) || tries === mostTries) throw error;
      await clock.sleep(pauseMs * 2 ** (tries - 1), signal);
      tries += 1;
    }
    body = null;
  }
}

function mayHeal(error: unknown): boolean {
  return error instanceof StoreError && ['unreachable', 'failed', 'throttled'].includes(error.kind);
}

function broken(kind: 'precondition' | 'failed', what: string): StoreError {
  return new StoreError(kind, `BrokenRead: ${what}`, { code: 'BrokenRead' });
}
