import { overrunBytes, putBytes } from '../byte-text.ts';
import type { ObjectSummary } from './inventory-row.ts';

/** What is known of each object of a page, by its number. */
export type PackedFields = {
  /** Where its key and its ETag begin and end. */
  keyFrom: Int32Array;
  keyTo: Int32Array;
  etagFrom: Int32Array;
  etagTo: Int32Array;
  sizeBytes: Float64Array;
  modifiedAtMs: Float64Array;
  storageClass: string[];
  /** How the key stands in JSON, by the numbers of `keyForms`; ETags all stand there as they are. */
  keyForm: Uint8Array;
};

/**
 * Forms of keys: with characters that JSON escapes; as they are, in ASCII; as they are, but not where a text has to be ASCII.
 */
export const keyForms = { escaped: 0, ascii: 1, wide: 2 } as const;

/**
 * A page of a listing as bytes: what is listed by the million is then written without becoming an object and strings in
 * between. One that a store hands over is lent: it holds until whoever was given it returns.
 */
export type PackedPage = PackedFields & {
  /** Objects on the page, ascending by key; one at least. */
  count: number;
  more: boolean;
  /** What the keys are: ASCII, all of them, or else valid UTF-8. */
  keysIn: 'latin1' | 'utf8';
  /** What the fields point into, and a view of the same. */
  bytes: Buffer;
  view: DataView;
};

/** The key of an object, as a string that outlives the page. */
export function packedKey({ bytes, keysIn, keyFrom, keyTo }: PackedPage, index: number): string {
  return bytes.toString(keysIn, keyFrom[index], keyTo[index]);
}

/** An object of the page, which outlives it. */
export function packedObject(page: PackedPage, index: number): ObjectSummary {
  const { bytes, etagFrom, etagTo, sizeBytes, modifiedAtMs, storageClass } = page;
  return {
    key: packedKey(page, index),
    sizeBytes: sizeBytes[index] ?? 0,
    etag: bytes.toString('latin1', etagFrom[index], etagTo[index]),
    modifiedAtMs: modifiedAtMs[index] ?? 0,
    storageClass: storageClass[index] ?? null,
  };
}

/** The objects from `from` on and before `upTo`, which outlive the page. */
export function packedObjects(page: PackedPage, from: number, upTo: number): ObjectSummary[] {
  return Array.from({ length: upTo - from }, (_, index) => packedObject(page, from + index));
}

/** How many objects of the page come before the key or have it; null = all. */
export function countUpTo({ bytes, keyFrom, keyTo, count }: PackedPage, upTo: string | null): number {
  if (upTo === null) return count;
  const limit = Buffer.from(upTo);
  let [from, to] = [0, count];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (bytes.compare(limit, 0, limit.length, keyFrom[middle], keyTo[middle]) <= 0) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** The first `count` objects of a page, which outlive it: their keys and ETags are copied, nothing else that stood around. */
export function keepPage(page: PackedPage, count: number): PackedPage {
  const { keyFrom, keyTo, etagFrom, etagTo, sizeBytes, modifiedAtMs, storageClass, keyForm } = page;
  const { more, keysIn } = page;
  let length = overrunBytes;
  for (let index = 0; index < count; index++)
    length += (keyTo[index] ?? 0) - (keyFrom[index] ?? 0) + (etagTo[index] ?? 0) - (etagFrom[index] ?? 0);
  const bytes = Buffer.allocUnsafeSlow(length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  const kept: PackedPage = {
    keyFrom: new Int32Array(count),
    keyTo: new Int32Array(count),
    etagFrom: new Int32Array(count),
    etagTo: new Int32Array(count),
    sizeBytes: sizeBytes.slice(0, count),
    modifiedAtMs: modifiedAtMs.slice(0, count),
    storageClass: storageClass.slice(0, count),
    keyForm: keyForm.slice(0, count),
    count,
    more,
    keysIn,
    bytes,
    view,
  };
  let at = 0;
  for (let index = 0; index < count; index++) {
    kept.keyFrom[index] = at;
    at = putBytes(view, at, page.view, keyFrom[index] ?? 0, keyTo[index] ?? 0);
    kept.keyTo[index] = at;
    kept.etagFrom[index] = at;
    at = putBytes(view, at, page.view, etagFrom[index] ?? 0, etagTo[index] ?? 0);
    kept.etagTo[index] = at;
  }
  return kept;
}
