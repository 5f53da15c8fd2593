import { type FileHandle, open } from 'node:fs/promises';
import type { ObjectSummary } from '../../core/inventory/inventory-row.ts';
import { compareKeys } from '../../core/keyspace/key-order.ts';
import type { ListPage, ObjectStore } from '../../core/ports.ts';
import { decodeRecord } from './spool-record.ts';

const blockBytes = 64 * 1024;
const lineEnd = 0x0a;
/** Pages whose ends are remembered: a reader that goes on where one ended needs no search. */
const endsKept = 1024;

/**
 * A sorted file of objects that is listed as a bucket is. The place of a key is found by bisection, since lines of
 * a sorted file need no index: about 20 reads of one block for a file of 100 GB, and no memory.
 */
export class SortedListing implements Pick<ObjectStore, 'listPage'> {
  readonly #file: FileHandle;
  readonly #sizeBytes: number;
  readonly #ends = new Map<string, number>();

  private constructor(file: FileHandle, sizeBytes: number) {
    this.#file = file;
    this.#sizeBytes = sizeBytes;
  }

  /** Opens the file that a `SpoolBuilder` finished; the caller closes it. */
  static async open(path: string): Promise<SortedListing> {
    const file = await open(path, 'r');
    return new SortedListing(file, (await file.stat()).size);
  }

  async listPage(query: Parameters<ObjectStore['listPage']>[0]): Promise<ListPage> {
    const { prefix, startAfter, maxKeys = 1000 } = query;
    const known = startAfter === null ? undefined : this.#ends.get(startAfter);
    const at = known ?? (await this.#firstBehind(prefix, startAfter));
    const objects: ObjectSummary[] = [];
    let end = at;
    for await (const { object, endByte } of this.#linesFrom(at)) {
      const within = object.key.startsWith(prefix);
      // Where a reader goes on that had not come to the prefix yet.
      if (!within && compareKeys(object.key, prefix) < 0) continue;
      if (!within) return { objects, more: false };
      if (objects.length === maxKeys) {
        this.#remember(objects.at(-1)?.key, end);
        return { objects, more: true };
      }
      objects.push(object);
      end = endByte;
    }
    return { objects, more: false };
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  #remember(key: string | undefined, end: number): void {
    if (key === undefined) return;
    this.#ends.set(key, end);
    const [oldest] = this.#ends.keys();
    if (this.#ends.size > endsKept && oldest !== undefined) this.#ends.delete(oldest);
  }

  /** The byte at which a line begins that is not behind the first wanted one, and less than two blocks before it. */
  async #firstBehind(prefix: string, startAfter: string | null): Promise<number> {
    const wanted = (key: string): boolean =>
      compareKeys(key, prefix) >= 0 && (startAfter === null || compareKeys(key, startAfter) > 0);
    let low = 0;
    let high = this.#sizeBytes;
    // The first line that begins at or behind `low` may be wanted; one that begins at or behind `high` is.
    while (high - low > blockBytes) {
      const middle = low + Math.floor((high - low) / 2);
      const line = await this.#lineBehind(middle);
      if (line === null || wanted(line.object.key)) high = middle;
      else low = line.startByte;
    }
    for await (const { object, startByte } of this.#linesFrom(low)) if (wanted(object.key)) return startByte;
    return this.#sizeBytes;
  }

  /** The first line that begins behind this byte; null = none does. */
  async #lineBehind(byte: number): Promise<{ object: ObjectSummary; startByte: number } | null> {
    let from = byte;
    for (;;) {
      const block = await this.#read(from);
      if (block.length === 0) return null;
      const found = block.indexOf(lineEnd);
      if (found < 0) {
        from += block.length;
        continue;
      }
      for await (const line of this.#linesFrom(from + found + 1)) return line;
      return null;
    }
  }

  /** The lines from one that begins at this byte. */
  async *#linesFrom(
    byte: number,
  ): AsyncGenerator<{ object: ObjectSummary; startByte: number; endByte: number }> {
    let start = byte;
    let kept: Buffer = Buffer.alloc(0);
    for (;;) {
      const block = await this.#read(start + kept.length);
      if (block.length === 0) return;
      const text: Buffer = kept.length === 0 ? block : Buffer.concat([kept, block]);
      let from = 0;
      for (let to = text.indexOf(lineEnd); to >= 0; to = text.indexOf(lineEnd, from)) {
        const endByte = start + to + 1 - from;
        yield { object: decodeRecord(text.toString('utf8', from, to)), startByte: start, endByte };
        start = endByte;
        from = to + 1;
      }
      kept = text.subarray(from);
    }
  }

  async #read(byte: number): Promise<Buffer> {
    const length = Math.min(blockBytes, this.#sizeBytes - byte);
    if (length <= 0) return Buffer.alloc(0);
    const { bytesRead, buffer } = await this.#file.read(Buffer.allocUnsafe(length), 0, length, byte);
    return buffer.subarray(0, bytesRead);
  }
}
