import { constants, gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { z } from 'zod';

/** Rows as gzipped JSON lines. Files of this kind may be joined byte by byte. */
export function encodeLines(rows: readonly unknown[]): Uint8Array {
  return gzipSync(rows.map((row) => `${JSON.stringify(row)}\n`).join(''), { level: 1, chunkSize });
}

/** Room for what a page of rows is compressed to: with zlib's 16 KiB it is done in steps that cost as much again. */
const chunkSize = 64 * 1024;
/** Joined at once: what lives long is dear to collect, and V8 keeps strings above 128 KiB apart. */
const linesAtOnce = 50;
/** Where lines wait until they are compressed; used again and again, for V8 frees such room late. */
const places: Buffer[] = [];
const newPlace = (bytes: number): Buffer => Buffer.from(new SharedArrayBuffer(bytes));

/** Rows that are JSON text already, taken as they come. */
export type Lines = {
  add(text: string): void;
  /** Lets `write` put whole lines, ends included, into the place from `at` on: so many bytes at most. It gives where they end. */
  put(bytes: number, write: (place: DataView, at: number) => number): void;
  /** All of them, encoded. Nothing is to be added any more, and they are gone. */
  encode(): Uint8Array;
  /** Their bytes, for who encodes them elsewhere: in memory that other threads see, and only until `release`. Nothing is to be added any more. */
  text(): Uint8Array;
  /** Lets others use the place of these lines. */
  release(): void;
};

const zstd = { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_checksumFlag]: 1 };
/**
 * Rows are compressed to less than a sixth (measured: to a seventh), which takes one step and no room beyond: what Node asked for
 * in vain lies about until the next collection. Other text takes more steps.
 */
const zstdChunk = (textBytes: number): number => Math.max(4096, Math.ceil(textBytes / 6));
/** What a zstd frame begins with. [src: RFC 8878, 3.1.1] */
const zstdMark = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);

/**
 * Whole lines, ends included, compressed by zstd at level 1 as one frame with a checksum: rows of an inventory take 26 bytes where
 * gzip at its level 1 makes 35 of them, in a third of the time (measured with Node 24). See docs/decisions/0018.
 */
export function encodeText(text: Uint8Array): Uint8Array {
  return zstdCompressSync(text, {
    params: zstd,
    pledgedSrcSize: text.length,
    chunkSize: zstdChunk(text.length),
  });
}

/** Opens lines, which are encoded as `encodeText` does it. */
export function openLines(): Lines {
  let place = places.pop() ?? newPlace(256 * 1024);
  let size = 0;
  let waiting: string[] = [];

  function makeRoom(bytes: number): void {
    const needed = size + bytes;
    if (needed <= place.length) return;
    const larger = newPlace(Math.max(needed, 2 * place.length));
    place.copy(larger, 0, 0, size);
    place = larger;
  }

  function write(): void {
    if (waiting.length === 0) return;
    waiting.push('');
    const text = waiting.join('\n');
    waiting = [];
    // A UTF-16 unit is three bytes of UTF-8 at most.
    makeRoom(text.length * 3);
    size += place.write(text, size, 'utf8');
  }

  function text(): Uint8Array {
    write();
    return place.subarray(0, size);
  }

  function release(): void {
    places.push(place);
  }

  return {
    add(text) {
      waiting.push(text);
      if (waiting.length >= linesAtOnce) write();
    },
    put(bytes, writeLines) {
      write();
      makeRoom(bytes);
      size = writeLines(new DataView(place.buffer, place.byteOffset, place.length), size);
    },
    encode() {
      const encoded = encodeText(text());
      release();
      return encoded;
    },
    text,
    release,
  };
}

/** The rows of one file that `encodeLines` or `Lines` wrote; throws when a row is not of the schema, or the file is not whole. */
export function decodeLines<Row extends z.ZodType>(bytes: Uint8Array, row: Row): z.output<Row>[] {
  const isZstd = zstdMark.equals(bytes.subarray(0, zstdMark.length));
  return (isZstd ? zstdDecompressSync(bytes) : gunzipSync(bytes))
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => row.parse(JSON.parse(line)));
}

/** A value as a JSON file; `compact` for one that is written all the time and read by nobody else. */
export function encodeJson(value: unknown, options: { compact?: boolean } = {}): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(value, null, options.compact === true ? 0 : 2)}\n`);
}

/** The value of a JSON file; throws when it is not of the schema. */
export function decodeJson<Value extends z.ZodType>(bytes: Uint8Array, schema: Value): z.output<Value> {
  return schema.parse(JSON.parse(new TextDecoder().decode(bytes)));
}
