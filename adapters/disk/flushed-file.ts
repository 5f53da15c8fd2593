import { close, fsync, open, write } from 'node:fs';
import { promisify } from 'node:util';

// File handles of node:fs/promises cost several times as much, and a lister writes thousands of files.
const openFile = promisify(open);
const writeTo = promisify(write);
const flush = promisify(fsync);
const closeFile = promisify(close);

/** Writes a new file and resolves when the disk has it. Throws what the file system throws, EEXIST where there is one. */
export async function writeToDisk(file: string, bytes: Uint8Array): Promise<void> {
  const descriptor = await openFile(file, 'wx');
  try {
    for (let written = 0; written < bytes.byteLength; ) {
      const { bytesWritten } = await writeTo(descriptor, bytes, written, bytes.byteLength - written, written);
      written += bytesWritten;
    }
    await flush(descriptor);
  } finally {
    await closeFile(descriptor);
  }
}

/** A rename is on the disk only when its folder is. */
export async function flushFolder(folder: string): Promise<void> {
  const descriptor = await openFile(folder, 'r');
  try {
    await flush(descriptor);
  } finally {
    await closeFile(descriptor);
  }
}
