import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { ObjectSummary } from '../../core/inventory/inventory-row.ts';
import { decodeRecord, encodeRecord } from './spool-record.ts';

const bufferCharacters = 256 * 1024;

/** Writes objects to a new file, a line each. What was written stands on the disk when it resolves. */
export async function writeRun(
  path: string,
  objects: Iterable<ObjectSummary> | AsyncIterable<ObjectSummary>,
): Promise<void> {
  const file: FileHandle = await open(path, 'w', 0o600);
  try {
    let buffered = '';
    for await (const object of objects) {
      buffered += encodeRecord(object);
      if (buffered.length < bufferCharacters) continue;
      await file.appendFile(buffered);
      buffered = '';
    }
    await file.appendFile(buffered);
    await file.datasync();
  } finally {
    await file.close();
  }
}

/** Reads a file of objects from the front. Memory: one buffer. */
export async function* readRun(path: string): AsyncGenerator<ObjectSummary> {
  const stream = createReadStream(path, { encoding: 'utf8', highWaterMark: 64 * 1024 });
  try {
    for await (const line of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }))
      yield decodeRecord(line);
  } finally {
    stream.destroy();
  }
}
