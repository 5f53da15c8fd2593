import { type Distribution, generatedKeys, type KeyOf } from './generated-keys.ts';
import type { ListedObject, ObjectShelf } from './object-shelf.ts';
import { S3Error } from './s3-error.ts';

/** A bucket that is made up as it is asked for. */
export type GeneratedBucket = { readonly distribution: Distribution; readonly objects: number };

const writtenAtMs = Date.UTC(2024, 0, 1);

/** A shelf of objects that are computed, not kept: to list a billion of them takes no room. It cannot be read from or written to. */
export class GeneratedShelf implements ObjectShelf {
  readonly #objects: number;
  readonly #keyOf: KeyOf;

  constructor({ distribution, objects }: GeneratedBucket) {
    this.#objects = objects;
    this.#keyOf = generatedKeys(distribution, objects);
  }

  scan(from: Uint8Array, before: Uint8Array | undefined, limit: number): readonly ListedObject[] {
    const first = this.#firstFrom(from);
    const past = Math.min(first + limit, before === undefined ? this.#objects : this.#firstFrom(before));
    const listed: ListedObject[] = [];
    for (let index = first; index < past; index++) listed.push(this.#listed(index));
    return listed;
  }

  find(): undefined {
    return undefined;
  }

  read(): never {
    throw new S3Error('NotImplemented');
  }

  put(): never {
    throw new S3Error('NotImplemented');
  }

  retag(): never {
    throw new S3Error('NotImplemented');
  }

  remove(): boolean {
    return false;
  }

  #listed(index: number): ListedObject {
    return {
      key: this.#keyOf(index),
      sizeBytes: (index * 7919) % 1_000_003,
      etag: `d41d8cd98f00b204e980${String(index).padStart(12, '0')}`,
      // Neighbours are often as old as each other.
      modifiedAtMs: writtenAtMs + Math.floor(index / 10) * 1000,
      storageClass: 'STANDARD',
    };
  }

  /** Index of the first key at or behind these bytes. */
  #firstFrom(bytes: Uint8Array): number {
    let low = 0;
    let high = this.#objects;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (Buffer.compare(Buffer.from(this.#keyOf(middle)), bytes) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
