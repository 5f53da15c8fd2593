import { StoreError } from '../../core/store-error.ts';

/**
 * Passes a body on and makes sure that it is exactly `sizeBytes` long: throws a `StoreError` of kind
 * `failed` at the first byte too many, or at an early end. A chunk is held back until the next one is there
 * or the end is sure, so that a store never gets all the bytes it waits for from a body that is wrong.
 */
export async function* exactBody(
  body: AsyncIterable<Uint8Array>,
  sizeBytes: number,
): AsyncGenerator<Uint8Array> {
  let seen = 0;
  let held: Uint8Array | null = null;
  for await (const chunk of body) {
    if (chunk.byteLength === 0) continue;
    seen += chunk.byteLength;
    if (seen > sizeBytes) throw wrongLength(sizeBytes, `at least ${seen}`);
    if (held !== null) yield held;
    held = chunk;
  }
  if (seen < sizeBytes) throw wrongLength(sizeBytes, `only ${seen}`);
  if (held !== null) yield held;
}

/** Refuses a body in memory that is not `sizeBytes` long, like `exactBody` does a stream. */
export function requireLength(body: Uint8Array, sizeBytes: number): void {
  if (body.byteLength !== sizeBytes) throw wrongLength(sizeBytes, `${body.byteLength}`);
}

function wrongLength(expected: number, seen: string): StoreError {
  return new StoreError('failed', `The body should be ${expected} bytes long and has ${seen}.`, {
    code: 'BodyLengthMismatch',
  });
}

/** Cuts a body into pieces of exactly `partBytes`, the last one shorter; holds one piece at a time. */
export async function* partsOf(
  body: Uint8Array | AsyncIterable<Uint8Array>,
  partBytes: number,
): AsyncGenerator<Uint8Array> {
  if (body instanceof Uint8Array) {
    for (let at = 0; at < body.byteLength; at += partBytes) yield body.subarray(at, at + partBytes);
    return;
  }
  let chunks: Uint8Array[] = [];
  let held = 0;
  for await (let chunk of body) {
    while (held + chunk.byteLength >= partBytes) {
      const fits = partBytes - held;
      yield Buffer.concat([...chunks, chunk.subarray(0, fits)]);
      chunk = chunk.subarray(fits);
      chunks = [];
      held = 0;
    }
    if (chunk.byteLength > 0) chunks.push(chunk);
    held += chunk.byteLength;
  }
  if (held > 0) yield Buffer.concat(chunks);
}
