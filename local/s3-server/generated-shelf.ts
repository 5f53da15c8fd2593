import { justAfter } from './byte-bounds.ts';
import { type Distribution, generatedKeys, type KeyOf } from './generated-keys.ts';
import type { ListedObject, ObjectShelf, WrittenPage } from './object-shelf.ts';
import { S3Error } from './s3-error.ts';
import { type WrittenRows, writeRows } from './written-rows.ts';

/** A bucket that is made up as it is asked for. */
export type GeneratedBucket = { readonly distribution: Distribution; readonly objects: number };

const writtenAtMs = Date.UTC(2024, 0, 1);

/** A shelf of objects that are computed, not kept: to list a billion of them takes no room. It cannot be read from or written to. */
export class GeneratedShelf implements ObjectShelf {
  readonly #objects: number;
  readonly #keyOf: KeyOf;
  #rows: WrittenRows | null = null;

  constructor({ distribution, objects }: GeneratedBucket) {
    this.#objects = objects;
    this.#keyOf = generatedKeys(distribution, objects);
  }

  /** Keeps its rows as they are sent from now on, if there are not too many. */
  writeOut(): void {
    this.#rows ??= writeRows(this.#objects, (index) => this.#listed(index));
  }

  writtenPage(from: Uint8Array, limit: number): WrittenPage | null {
    if (this.#rows === null) return null;
    const first = this.#firstFrom(from);
    const past = Math.min(first + limit, this.#objects);
    return {
      rows: this.#rows.between(first, past),
      count: past - first,
      next: past < this.#objects ? justAfter(this.#keyOf(past - 1)) : undefined,
    };
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
