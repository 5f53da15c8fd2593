import { compareKeys } from '../../core/keyspace/key-order.ts';
import { type JobStore, VersionConflict } from '../../core/ports.ts';

type File = { bytes: Uint8Array; version: string };

/** The job store in memory. */
export class MemoryJobStore implements JobStore {
  readonly #files = new Map<string, File>();
  #writes = 0;

  async read(path: string): Promise<File | null> {
    const file = this.#files.get(path);
    return file === undefined ? null : { bytes: file.bytes.slice(), version: file.version };
  }

  async stream(path: string): Promise<AsyncIterable<Uint8Array> | null> {
    const file = this.#files.get(path);
    return file === undefined ? null : piecesOf(file.bytes);
  }

  async write(
    path: string,
    bytes: Uint8Array,
    options: { replaces?: string | null } = {},
  ): Promise<{ version: string }> {
    const current = this.#files.get(path)?.version ?? null;
    if (options.replaces !== undefined && options.replaces !== current) {
      throw new VersionConflict(
        `${path} has the version ${current}, not ${options.replaces}. Read it again.`,
      );
    }
    const version = `v${++this.#writes}`;
    this.#files.set(path, { bytes: bytes.slice(), version });
    return { version };
  }

  async *list(prefix: string): AsyncIterable<string> {
    yield* [...this.#files.keys()].filter((path) => path.startsWith(prefix)).sort(compareKeys);
  }

  async delete(path: string): Promise<void> {
    this.#files.delete(path);
  }

  address(path: string): string {
    return `memory://${path}`;
  }
}

async function* piecesOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  const pieceBytes = 64 * 1024;
  for (let at = 0; at < bytes.byteLength; at += pieceBytes) yield bytes.slice(at, at + pieceBytes);
}
