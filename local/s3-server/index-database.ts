import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** Bodies up to this size live in the index; SQLite reads blobs of that size faster than the file system does. */
export const LARGEST_INDEXED_BODY_BYTES = 64 * 1024;

// Keys are BLOBs: SQLite compares those with memcmp, which is UTF-8 byte order, the order S3 lists in.
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS bucket (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, region TEXT NOT NULL, created INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS object (
    bucket INTEGER NOT NULL, key BLOB NOT NULL, size INTEGER NOT NULL, etag TEXT NOT NULL,
    modified INTEGER NOT NULL, class TEXT NOT NULL, attributes TEXT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (bucket, key)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS small_body (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
  CREATE TABLE IF NOT EXISTS upload (
    id TEXT PRIMARY KEY, bucket INTEGER NOT NULL, key BLOB NOT NULL, started INTEGER NOT NULL,
    class TEXT NOT NULL, attributes TEXT NOT NULL, intent TEXT NOT NULL) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS upload_order ON upload (bucket, key, id);
  CREATE TABLE IF NOT EXISTS part (
    upload TEXT NOT NULL, number INTEGER NOT NULL, size INTEGER NOT NULL, etag TEXT NOT NULL,
    modified INTEGER NOT NULL, checksums TEXT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (upload, number)) WITHOUT ROWID;
`;

/**
 * Opens the index of a folder, or an index in memory. Every commit has reached the operating system when it
 * returns, so a killed process loses nothing it acknowledged; a power cut may lose the last moments.
 * The lock is held for the life of the process: two servers on one folder would lose each other's bodies.
 */
export function openIndex(folder: string | undefined): DatabaseSync {
  if (folder !== undefined) mkdirSync(folder, { recursive: true });
  const database = new DatabaseSync(folder === undefined ? ':memory:' : join(folder, 'index.sqlite'));
  try {
    if (folder !== undefined) {
      database.exec(
        'PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;',
      );
    }
    database.exec(`PRAGMA cache_size = -65536; ${SCHEMA}`);
  } catch (error) {
    database.close();
    if (error instanceof Error && /locked/.test(error.message)) {
      throw new Error(
        `The folder ${folder} is in use by another S3 server; stop that one or choose another.`,
      );
    }
    throw error;
  }
  return database;
}

/** Runs work as one transaction: all of it is stored, or none of it when it throws. */
export type Atomically = <Result>(work: () => Result) => Result;

/** Transactions on a database, their statements prepared once. */
export function transactionsOn(database: DatabaseSync): Atomically {
  const begin = database.prepare('BEGIN');
  const commit = database.prepare('COMMIT');
  const rollback = database.prepare('ROLLBACK');
  return (work) => {
    begin.run();
    try {
      const result = work();
      commit.run();
      return result;
    } catch (error) {
      rollback.run();
      throw error;
    }
  };
}
