import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { compareKeys } from '../../core/keyspace/key-order.ts';
import { type JobStore, VersionConflict } from '../../core/ports.ts';
import { flushFolder, writeToDisk } from './flushed-file.ts';
import { ownFolder, requireStorePath } from './store-path.ts';
import { WriteLock } from './write-lock.ts';

const abandonedAfterMs = 24 * 60 * 60 * 1000;

/**
 * The job store in a folder. A file is written beside its place, flushed to the disk and renamed, so that
 * readers and crashes see the old one or the new one. A conditional write holds against other conditional
 * writes of all processes on this machine. A file's version is the SHA-256 of its content. A path cannot be a file and a folder at once.
 */
export class DiskJobStore implements JobStore {
  readonly #root: string;
  readonly #partial: string;
  readonly #lock: WriteLock;
  #prepared: Promise<void> | undefined;

  constructor(folder: string) {
    this.#root = resolve(folder);
    this.#partial = join(this.#root, ownFolder, 'partial');
    this.#lock = new WriteLock(join(this.#root, ownFolder, 'lock'));
  }

  async read(path: string): Promise<{ bytes: Uint8Array; version: string } | null> {
    const bytes = await nullWhenMissing(readFile(this.address(path)));
    return bytes === null ? null : { bytes, version: versionOf(bytes) };
  }

  async stream(path: string): Promise<AsyncIterable<Uint8Array> | null> {
    const file = this.address(path);
    const found = await nullWhenMissing(stat(file));
    return found?.isFile() === true ? bytesOf(file) : null;
  }

  async write(
    path: string,
    bytes: Uint8Array,
    options: { replaces?: string | null } = {},
  ): Promise<{ version: string }> {
    const file = this.address(path);
    const { replaces } = options;
    this.#prepared ??= this.#prepare();
    await this.#prepared;
    const partial = join(this.#partial, randomUUID());
    try {
      await writeToDisk(partial, bytes);
      if (replaces === undefined) putInPlace(partial, file);
      else
        await this.#lock.hold(() => {
          if (currentVersion(file) !== replaces) {
            throw new VersionConflict(
              `${path} ${replaces === null ? 'exists already' : `is not the version ${replaces} that was read`}. Read it again and decide anew.`,
            );
          }
          putInPlace(partial, file);
        });
      await flushFolder(dirname(file));
      return { version: versionOf(bytes) };
    } catch (error) {
      await rm(partial, { force: true });
      throw error;
    }
  }

  async *list(prefix: string): AsyncIterable<string> {
    yield* this.#listFolder('', prefix);
  }

  async delete(path: string): Promise<void> {
    const file = this.address(path);
    this.#prepared ??= this.#prepare();
    await this.#prepared;
    await this.#lock.hold(() => rm(file, { force: true }));
  }

  address(path: string): string {
    return join(this.#root, requireStorePath(path));
  }

  /** Makes the store's own folder and sweeps what a killed process left half-written. */
  async #prepare(): Promise<void> {
    await mkdir(this.#partial, { recursive: true });
    for (const name of await readdir(this.#partial)) {
      const file = join(this.#partial, name);
      const found = await nullWhenMissing(stat(file));
      if (found !== null && Date.now() - found.mtimeMs > abandonedAfterMs) await rm(file, { force: true });
    }
  }

  /** Holds the names of one folder per level in memory. */
  async *#listFolder(folder: string, prefix: string): AsyncGenerator<string> {
    const entries = await nullWhenMissing(readdir(join(this.#root, folder), { withFileTypes: true }));
    const paths = (entries ?? [])
      .filter(
        (entry) => entry.isFile() || (entry.isDirectory() && (folder !== '' || entry.name !== ownFolder)),
      )
      // With its slash a folder sorts exactly where its files belong among the files beside it.
      .map((entry) => `${folder}${entry.name}${entry.isDirectory() ? '/' : ''}`)
      .filter((path) => path.startsWith(prefix) || (path.endsWith('/') && prefix.startsWith(path)))
      .sort(compareKeys);
    for (const path of paths) {
      if (path.endsWith('/')) yield* this.#listFolder(path, prefix);
      else yield path;
    }
  }
}

function versionOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}

async function nullWhenMissing<T>(found: Promise<T>): Promise<T | null> {
  try {
    return await found;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

function currentVersion(file: string): string | null {
  try {
    return versionOf(readFileSync(file));
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

async function* bytesOf(file: string): AsyncGenerator<Uint8Array> {
  yield* createReadStream(file);
}

function putInPlace(partial: string, file: string): void {
  try {
    renameSync(partial, file);
  } catch (error) {
    if (!isMissing(error)) throw error;
    mkdirSync(dirname(file), { recursive: true });
    renameSync(partial, file);
  }
}
