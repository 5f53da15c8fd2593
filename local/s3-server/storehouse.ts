import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { FolderBodies, MemoryBodies } from './body-store.ts';
import { type GeneratedBucket, GeneratedShelf } from './generated-shelf.ts';
import { openIndex } from './index-database.ts';
import type { ObjectShelf } from './object-shelf.ts';
import { prepareShelfStatements, SqliteShelf } from './sqlite-shelf.ts';
import { StoredBodies } from './stored-bodies.ts';
import { storedJson } from './stored-json.ts';
import { UploadLedger } from './upload-ledger.ts';

export type Bucket = {
  readonly id: number;
  readonly name: string;
  readonly region: string;
  readonly createdAtMs: number;
  readonly shelf: ObjectShelf;
};

/** Everything a server keeps: its buckets, their shelves, the bodies and the open uploads. */
export type Storehouse = {
  readonly bodies: StoredBodies;
  readonly uploads: UploadLedger;
  /** By name, ascending. */
  buckets(): readonly Bucket[];
  bucket(name: string): Bucket | undefined;
  createBucket(name: string, region: string): Bucket;
  /** A bucket that is computed, and gone with the server. */
  generateBucket(name: string, region: string, generated: GeneratedBucket): void;
  deleteBucket(bucket: Bucket): void;
  close(): void;
};

/** Opens what a folder holds, or an empty storehouse in memory. */
export function openStorehouse(folder: string | undefined): Storehouse {
  const database = openIndex(folder);
  const large = folder === undefined ? new MemoryBodies() : folderBodies(database, folder);
  const bodies = new StoredBodies(database, large);
  const uploads = new UploadLedger(database, bodies);
  const statements = prepareShelfStatements(database);
  const insert = database.prepare('INSERT INTO bucket (name, region, created) VALUES (?, ?, ?)');
  const drop = database.prepare('DELETE FROM bucket WHERE id = ?');
  const known = new Map<string, Bucket>();
  /** Buckets of equal objects share them: they never change. */
  const generatedShelves = new Map<string, GeneratedShelf>();
  const remember = (id: number, name: string, region: string, createdAtMs: number): Bucket => {
    const shelf = new SqliteShelf(statements, bodies, id);
    const bucket = { id, name, region, createdAtMs, shelf };
    known.set(name, bucket);
    return bucket;
  };
  for (const row of database.prepare('SELECT * FROM bucket').all()) {
    remember(Number(row.id), String(row.name), String(row.region), Number(row.created));
  }
  return {
    bodies,
    uploads,
    buckets: () =>
      [...known.values()].sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name))),
    bucket: (name) => known.get(name),
    createBucket: (name, region) => {
      const createdAtMs = Date.now();
      const { lastInsertRowid } = insert.run(name, region, createdAtMs);
      return remember(Number(lastInsertRowid), name, region, createdAtMs);
    },
    generateBucket: (name, region, generated) => {
      const { distribution, objects } = generated;
      const made = `${distribution}:${objects}`;
      const shelf = generatedShelves.get(made) ?? new GeneratedShelf(generated);
      shelf.writeOut();
      generatedShelves.set(made, shelf);
      known.set(name, { id: -1, name, region, createdAtMs: Date.now(), shelf });
    },
    deleteBucket: (bucket) => {
      uploads.closeAll(bucket.id);
      drop.run(bucket.id);
      known.delete(bucket.name);
    },
    close: () => database.close(),
  };
}

/** Body files, without those that no object and no part of an upload refers to. */
function folderBodies(database: DatabaseSync, folder: string): FolderBodies {
  const referenced = new Set<number>();
  for (const table of ['object', 'part']) {
    for (const row of database.prepare(`SELECT body FROM ${table} WHERE body LIKE '%"body"%'`).iterate()) {
      for (const part of storedJson.body(row.body)) if (part.place === 'body') referenced.add(part.id);
    }
  }
  return new FolderBodies(join(folder, 'bodies'), (id) => referenced.has(id));
}
