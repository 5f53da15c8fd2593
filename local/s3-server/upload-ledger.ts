import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite';
import { type Atomically, transactionsOn } from './index-database.ts';
import type { BodyPart, ObjectAttributes, PendingBody } from './object-shelf.ts';
import type { StoredBodies } from './stored-bodies.ts';
import { storedJson } from './stored-json.ts';

/** A multipart upload that has been created and neither completed nor aborted. */
export type OpenUpload = {
  readonly id: string;
  readonly key: string;
  readonly startedAtMs: number;
  readonly storageClass: string;
  readonly attributes: ObjectAttributes;
  /** What the creator asked about checksums: `algorithm` and `type`. */
  readonly intent: Readonly<Record<string, string>>;
};

export type UploadedPart = {
  readonly number: number;
  readonly sizeBytes: number;
  readonly etag: string;
  readonly modifiedAtMs: number;
  readonly checksums: Readonly<Record<string, string>>;
  readonly body: readonly BodyPart[];
};

/** The open multipart uploads of all buckets and their parts. Ids ascend with time within a key. */
export class UploadLedger {
  readonly #atomically: Atomically;
  readonly #bodies: StoredBodies;
  readonly #sql: Readonly<
    Record<
      'create' | 'find' | 'list' | 'close' | 'put' | 'parts' | 'part' | 'drop' | 'inBucket',
      StatementSync
    >
  >;

  constructor(database: DatabaseSync, bodies: StoredBodies) {
    this.#atomically = transactionsOn(database);
    this.#bodies = bodies;
    this.#sql = {
      create: database.prepare('INSERT INTO upload VALUES (?, ?, ?, ?, ?, ?, ?)'),
      find: database.prepare('SELECT *, CAST(key AS TEXT) AS shown FROM upload WHERE id = ? AND bucket = ?'),
      list: database.prepare(
        'SELECT *, CAST(key AS TEXT) AS shown FROM upload WHERE bucket = ? AND (key, id) > (?, ?) AND key >= ? ORDER BY key, id LIMIT ?',
      ),
      close: database.prepare('DELETE FROM upload WHERE id = ?'),
      put: database.prepare('INSERT OR REPLACE INTO part VALUES (?, ?, ?, ?, ?, ?, ?)'),
      parts: database.prepare('SELECT * FROM part WHERE upload = ? AND number > ? ORDER BY number LIMIT ?'),
      part: database.prepare('SELECT * FROM part WHERE upload = ? AND number = ?'),
      drop: database.prepare('DELETE FROM part WHERE upload = ?'),
      inBucket: database.prepare('SELECT id FROM upload WHERE bucket = ?'),
    };
  }

  create(bucketId: number, upload: OpenUpload): void {
    const { id, key, startedAtMs, storageClass, attributes, intent } = upload;
    const json = [JSON.stringify(attributes), JSON.stringify(intent)] as const;
    this.#sql.create.run(id, bucketId, Buffer.from(key), startedAtMs, storageClass, ...json);
  }

  find(bucketId: number, key: string, id: string): OpenUpload | undefined {
    const row = this.#sql.find.get(id, bucketId);
    return row === undefined || String(row.shown) !== key ? undefined : openUpload(row);
  }

  /** Uploads after (key, id) and at or above the `from` bytes, by key and then by age. */
  list(
    bucketId: number,
    after: { key: Uint8Array; id: string },
    from: Uint8Array,
    limit: number,
  ): OpenUpload[] {
    return this.#sql.list.all(bucketId, after.key, after.id, from, limit).map(openUpload);
  }

  /** Stores a part; an earlier one of the same number is replaced. */
  putPart(uploadId: string, part: Omit<UploadedPart, 'body'>, body: PendingBody): void {
    const replaced = this.#atomically(() => {
      const old = this.part(uploadId, part.number)?.body ?? [];
      const parts = JSON.stringify(this.#bodies.settle(body));
      const checksums = JSON.stringify(part.checksums);
      const { number, sizeBytes, etag, modifiedAtMs } = part;
      this.#sql.put.run(uploadId, number, sizeBytes, etag, modifiedAtMs, checksums, parts);
      this.#bodies.forgetSmall(old);
      return old;
    });
    this.#bodies.discardLarge(replaced);
  }

  part(uploadId: string, number: number): UploadedPart | undefined {
    const row = this.#sql.part.get(uploadId, number);
    return row === undefined ? undefined : uploadedPart(row);
  }

  /** Up to `limit` parts numbered above `after`. */
  parts(uploadId: string, after = 0, limit = 10_000): UploadedPart[] {
    return this.#sql.parts.all(uploadId, after, limit).map(uploadedPart);
  }

  /** Ends an upload; the parts that `kept` does not hold lose their bytes. */
  close(uploadId: string, kept: readonly BodyPart[] = []): void {
    const keptIds = new Set(kept.map((part) => `${part.place}${part.id}`));
    const lost = this.parts(uploadId)
      .flatMap((part) => part.body)
      .filter((part) => !keptIds.has(`${part.place}${part.id}`));
    this.#atomically(() => {
      this.#bodies.forgetSmall(lost);
      this.#sql.drop.run(uploadId);
      this.#sql.close.run(uploadId);
    });
    this.#bodies.discardLarge(lost);
  }

  /** Aborts every upload of a bucket that is being deleted. */
  closeAll(bucketId: number): void {
    for (const row of this.#sql.inBucket.all(bucketId)) this.close(String(row.id));
  }
}

function openUpload(row: Record<string, SQLOutputValue>): OpenUpload {
  return {
    id: String(row.id),
    key: String(row.shown),
    startedAtMs: Number(row.started),
    storageClass: String(row.class),
    attributes: storedJson.attributes(row.attributes),
    intent: storedJson.texts(row.intent),
  };
}

function uploadedPart(row: Record<string, SQLOutputValue>): UploadedPart {
  return {
    number: Number(row.number),
    sizeBytes: Number(row.size),
    etag: String(row.etag),
    modifiedAtMs: Number(row.modified),
    checksums: storedJson.texts(row.checksums),
    body: storedJson.body(row.body),
  };
}
