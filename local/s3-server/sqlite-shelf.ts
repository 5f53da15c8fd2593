import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { type Atomically, transactionsOn } from './index-database.ts';
import type { BodyPart, ListedObject, ObjectShelf, PendingBody, StoredObject } from './object-shelf.ts';
import type { StoredBodies } from './stored-bodies.ts';
import { storedJson } from './stored-json.ts';

/** Above every UTF-8 key, whose bytes stop at 0xf4. */
const ABOVE_EVERY_KEY = Buffer.from([0xff]);

type Statements = {
  readonly atomically: Atomically;
  readonly find: StatementSync;
  readonly body: StatementSync;
  readonly scan: StatementSync;
  readonly put: StatementSync;
  readonly retag: StatementSync;
  readonly remove: StatementSync;
};

/** The statements all shelves of one index share. */
export function prepareShelfStatements(database: DatabaseSync): Statements {
  const scan = database.prepare(
    // The alias must not be `key`: ORDER BY would then sort the text instead of walking the index.
    'SELECT CAST(key AS TEXT) AS shown, size, etag, modified, class FROM object WHERE bucket = ? AND key >= ? AND key < ? ORDER BY key LIMIT ?',
  );
  scan.setReturnArrays(true);
  return {
    atomically: transactionsOn(database),
    find: database.prepare('SELECT * FROM object WHERE bucket = ? AND key = ?'),
    body: database.prepare('SELECT body FROM object WHERE bucket = ? AND key = ?'),
    scan,
    put: database.prepare('INSERT OR REPLACE INTO object VALUES (?, ?, ?, ?, ?, ?, ?, ?)'),
    retag: database.prepare('UPDATE object SET attributes = ? WHERE bucket = ? AND key = ?'),
    remove: database.prepare('DELETE FROM object WHERE bucket = ? AND key = ?'),
  };
}

/** One bucket's objects in the index. */
export class SqliteShelf implements ObjectShelf {
  readonly #statements: Statements;
  readonly #bodies: StoredBodies;
  readonly #bucketId: number;

  constructor(statements: Statements, bodies: StoredBodies, bucketId: number) {
    this.#statements = statements;
    this.#bodies = bodies;
    this.#bucketId = bucketId;
  }

  find(key: string): StoredObject | undefined {
    const row = this.#statements.find.get(this.#bucketId, Buffer.from(key));
    if (row === undefined) return undefined;
    return {
      key,
      sizeBytes: Number(row.size),
      etag: String(row.etag),
      modifiedAtMs: Number(row.modified),
      storageClass: String(row.class),
      attributes: storedJson.attributes(row.attributes),
      body: storedJson.body(row.body),
    };
  }

  scan(from: Uint8Array, before: Uint8Array | undefined, limit: number): readonly ListedObject[] {
    const rows: readonly unknown[] = this.#statements.scan.all(
      this.#bucketId,
      from,
      before ?? ABOVE_EVERY_KEY,
      limit,
    );
    return rows.map(listedObject);
  }

  read(object: StoredObject, firstByte: number, byteCount: number): Uint8Array | AsyncIterable<Uint8Array> {
    return this.#bodies.read(object.body, firstByte, byteCount);
  }

  put(object: Omit<StoredObject, 'body'>, body: PendingBody): void {
    const key = Buffer.from(object.key);
    const replaced = this.#statements.atomically(() => {
      const old = this.#bodyOf(key);
      const parts = this.#bodies.settle(body);
      this.#statements.put.run(
        this.#bucketId,
        key,
        object.sizeBytes,
        object.etag,
        object.modifiedAtMs,
        object.storageClass,
        JSON.stringify(object.attributes),
        JSON.stringify(parts),
      );
      this.#bodies.forgetSmall(old);
      return old;
    });
    this.#bodies.discardLarge(replaced);
  }

  retag(key: string, tags: Readonly<Record<string, string>>): void {
    const object = this.find(key);
    if (object === undefined) return;
    const attributes = JSON.stringify({ ...object.attributes, tags });
    this.#statements.retag.run(attributes, this.#bucketId, Buffer.from(key));
  }

  remove(key: string): boolean {
    const bytes = Buffer.from(key);
    const removed = this.#statements.atomically(() => {
      const old = this.#bodyOf(bytes);
      this.#bodies.forgetSmall(old);
      return this.#statements.remove.run(this.#bucketId, bytes).changes > 0 ? old : undefined;
    });
    if (removed !== undefined) this.#bodies.discardLarge(removed);
    return removed !== undefined;
  }

  #bodyOf(key: Uint8Array): readonly BodyPart[] {
    const row = this.#statements.body.get(this.#bucketId, key);
    return row === undefined ? [] : storedJson.body(row.body);
  }
}

function listedObject(row: unknown): ListedObject {
  if (!Array.isArray(row)) throw new TypeError('The index answered a scan with something that is no row.');
  const [key, sizeBytes, etag, modifiedAtMs, storageClass] = row;
  return {
    key: String(key),
    sizeBytes: Number(sizeBytes),
    etag: String(etag),
    modifiedAtMs: Number(modifiedAtMs),
    storageClass: String(storageClass),
  };
}
