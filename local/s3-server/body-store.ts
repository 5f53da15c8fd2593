import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { BodyPart } from './object-shelf.ts';

/** Takes one body while it arrives. It becomes visible only when somebody stores the part `finish` gives. */
export interface BodyWriter {
  write(chunk: Uint8Array): Promise<void>;
  finish(): Promise<BodyPart>;
  abandon(): Promise<void>;
}

/** Keeps bodies that are too large for the index, by number. */
export interface BodyStore {
  writer(): BodyWriter;
  read(id: number, firstByte: number, byteCount: number): AsyncIterable<Uint8Array>;
  /** Keeps bodies readable, even when they are discarded meanwhile, until the returned function is called. */
  pin(ids: readonly number[]): () => void;
  discard(id: number): void;
}

/** Bodies as lists of buffers, for servers that live as long as a test. */
export class MemoryBodies implements BodyStore {
  readonly #bodies = new Map<number, readonly Uint8Array[]>();
  readonly #pins = new Pins((id) => this.#bodies.delete(id));
  #lastId = 0;

  writer(): BodyWriter {
    const chunks: Uint8Array[] = [];
    let sizeBytes = 0;
    return {
      write: async (chunk) => {
        chunks.push(chunk);
        sizeBytes += chunk.length;
      },
      finish: async () => {
        this.#lastId += 1;
        this.#bodies.set(this.#lastId, chunks);
        return { place: 'body', id: this.#lastId, sizeBytes };
      },
      abandon: async () => {},
    };
  }

  async *read(id: number, firstByte: number, byteCount: number): AsyncIterable<Uint8Array> {
    let skip = firstByte;
    let left = byteCount;
    for (const chunk of this.#bodies.get(id) ?? []) {
      if (left <= 0) return;
      if (skip >= chunk.length) {
        skip -= chunk.length;
        continue;
      }
      const piece = chunk.subarray(skip, skip + left);
      skip = 0;
      left -= piece.length;
      yield piece;
    }
  }

  pin(ids: readonly number[]): () => void {
    return this.#pins.hold(ids);
  }

  discard(id: number): void {
    this.#pins.discard(id);
  }
}

const READ_BYTES = 512 * 1024;
const WRITE_BYTES = 1024 * 1024;

/** Bodies as files named by number under a folder; keys never become paths. */
export class FolderBodies implements BodyStore {
  readonly #folder: string;
  readonly #pins = new Pins((id) => rmSync(join(this.#folder, String(id)), { force: true }));
  #lastId = 0;

  /** Files that `isReferenced` does not know were left by a killed server in the middle of a write: they go. */
  constructor(folder: string, isReferenced: (id: number) => boolean) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
    for (const name of readdirSync(folder)) {
      const id = Number(name);
      if (!Number.isSafeInteger(id)) continue;
      this.#lastId = Math.max(this.#lastId, id);
      if (!isReferenced(id)) rmSync(join(folder, name));
    }
  }

  writer(): BodyWriter {
    this.#lastId += 1;
    return fileWriter(this.#lastId, join(this.#folder, String(this.#lastId)));
  }

  async *read(id: number, firstByte: number, byteCount: number): AsyncIterable<Uint8Array> {
    const file = await open(join(this.#folder, String(id)));
    try {
      for (let done = 0; done < byteCount; ) {
        const buffer = Buffer.allocUnsafeSlow(Math.min(READ_BYTES, byteCount - done));
        const { bytesRead } = await file.read(buffer, 0, buffer.length, firstByte + done);
        if (bytesRead === 0) throw new Error(`Body ${id} ends ${byteCount - done} bytes early.`);
        done += bytesRead;
        yield bytesRead === buffer.length ? buffer : buffer.subarray(0, bytesRead);
      }
    } finally {
      await file.close();
    }
  }

  pin(ids: readonly number[]): () => void {
    return this.#pins.hold(ids);
  }

  discard(id: number): void {
    this.#pins.discard(id);
  }
}

/** Puts the removal of a body off while somebody reads it. */
class Pins {
  readonly #remove: (id: number) => void;
  readonly #held = new Map<number, number>();
  readonly #doomed = new Set<number>();

  constructor(remove: (id: number) => void) {
    this.#remove = remove;
  }

  hold(ids: readonly number[]): () => void {
    for (const id of ids) this.#held.set(id, (this.#held.get(id) ?? 0) + 1);
    return () => {
      for (const id of ids) this.#letGo(id);
    };
  }

  discard(id: number): void {
    if (this.#held.has(id)) this.#doomed.add(id);
    else this.#remove(id);
  }

  #letGo(id: number): void {
    const holders = (this.#held.get(id) ?? 1) - 1;
    if (holders > 0) {
      this.#held.set(id, holders);
      return;
    }
    this.#held.delete(id);
    if (this.#doomed.delete(id)) this.#remove(id);
  }
}

function fileWriter(id: number, path: string): BodyWriter {
  let file: FileHandle | undefined;
  let waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  let sizeBytes = 0;
  const flush = async () => {
    file ??= await open(path, 'w');
    const chunks = waiting;
    waiting = [];
    waitingBytes = 0;
    if (chunks.length > 0) await file.writev(chunks);
  };
  return {
    write: async (chunk) => {
      waiting.push(chunk);
      waitingBytes += chunk.length;
      sizeBytes += chunk.length;
      if (waitingBytes >= WRITE_BYTES) await flush();
    },
    finish: async () => {
      await flush();
      await file?.close();
      return { place: 'body', id, sizeBytes };
    },
    abandon: async () => {
      await file?.close();
      rmSync(path, { force: true });
    },
  };
}
