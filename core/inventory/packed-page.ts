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
  /** 1 where the key stands in JSON as it is; ETags all do. */
  plain: Uint8Array;
};

/**
 * A page of a listing as bytes, whose keys are all ASCII: what is listed by the million is then written without becoming an
 * object and strings in between. Lent: it holds until whoever was given it returns.
 */
export type PackedPage = PackedFields & {
  /** Objects on the page, ascending by key; one at least. */
  count: number;
  more: boolean;
  /** What the fields point into, and a view of the same. */
  bytes: Buffer;
  view: DataView;
};

/** The key of an object, as a string that outlives the page. */
export function packedKey({ bytes, keyFrom, keyTo }: PackedPage, index: number): string {
  return bytes.toString('latin1', keyFrom[index], keyTo[index]);
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
