import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { BodyStore } from './body-store.ts';
import type { BodyPart, PendingBody } from './object-shelf.ts';

/** Bytes by part: small ones in the index, large ones in the body store. One place that knows both. */
export class StoredBodies {
  readonly large: BodyStore;
  readonly #insert: StatementSync;
  readonly #select: StatementSync;
  readonly #delete: StatementSync;

  constructor(database: DatabaseSync, large: BodyStore) {
    this.large = large;
    this.#insert = database.prepare('INSERT INTO small_body (bytes) VALUES (?)');
    this.#select = database.prepare('SELECT bytes FROM small_body WHERE id = ?');
    this.#delete = database.prepare('DELETE FROM small_body WHERE id = ?');
  }

  /** Gives bytes in hand a place in the index; to be called in the transaction that makes them visible. */
  settle(body: PendingBody): readonly BodyPart[] {
    if ('parts' in body) return body.parts;
    if (body.bytes.length === 0) return [];
    const { lastInsertRowid } = this.#insert.run(body.bytes);
    return [{ place: 'index', id: Number(lastInsertRowid), sizeBytes: body.bytes.length }];
  }

  /** Forgets the small ones; to be called in the transaction that replaces or removes their owner. */
  forgetSmall(parts: readonly BodyPart[]): void {
    for (const part of parts) if (part.place === 'index') this.#delete.run(part.id);
  }

  /** Discards the large ones; to be called after that transaction. */
  discardLarge(parts: readonly BodyPart[]): void {
    for (const part of parts) if (part.place === 'body') this.large.discard(part.id);
  }

  /** A stretch of a body made of parts; at once when it is a single small one. */
  read(
    parts: readonly BodyPart[],
    firstByte: number,
    byteCount: number,
  ): Uint8Array | AsyncIterable<Uint8Array> {
    const [only] = parts;
    if (byteCount === 0 || only === undefined) return new Uint8Array(0);
    if (parts.length === 1 && only.place === 'index') {
      return this.#small(only).subarray(firstByte, firstByte + byteCount);
    }
    return this.#stream(parts, firstByte, byteCount);
  }

  async *#stream(
    parts: readonly BodyPart[],
    firstByte: number,
    byteCount: number,
  ): AsyncIterable<Uint8Array> {
    // A reader sees the object it opened: large parts are pinned and small ones read before the first await.
    const release = this.large.pin(parts.filter((part) => part.place === 'body').map((part) => part.id));
    try {
      const pieces = stretch(parts, firstByte, byteCount).map(({ part, from, to }) =>
        part.place === 'index' ? this.#small(part).subarray(from, to) : { id: part.id, from, to },
      );
      for (const piece of pieces) {
        if (piece instanceof Uint8Array) yield piece;
        else yield* this.large.read(piece.id, piece.from, piece.to - piece.from);
      }
    } finally {
      release();
    }
  }

  #small(part: BodyPart): Uint8Array {
    const bytes = this.#select.get(part.id)?.bytes;
    if (!(bytes instanceof Uint8Array)) throw new Error(`Body ${part.id} is gone from the index.`);
    return bytes;
  }
}

type Piece = { readonly part: BodyPart; readonly from: number; readonly to: number };

/** Which bytes of which parts make up a stretch of the whole. */
function stretch(parts: readonly BodyPart[], firstByte: number, byteCount: number): readonly Piece[] {
  const pieces: Piece[] = [];
  const end = firstByte + byteCount;
  let partStart = 0;
  for (const part of parts) {
    const from = Math.max(firstByte - partStart, 0);
    const to = Math.min(end - partStart, part.sizeBytes);
    if (from < to) pieces.push({ part, from, to });
    partStart += part.sizeBytes;
  }
  return pieces;
}
