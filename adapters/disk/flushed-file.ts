import { closeSync, fsync, openSync, writeSync } from 'node:fs';
import { promisify } from 'node:util';

const flush = promisify(fsync);

// Only the flush waits for the disk. The rest takes microseconds, and each wait for the thread pool would cost a turn of the
// event loop: in a busy lister eight of them made fifteen milliseconds of a write.

/** Writes a new file and resolves when the disk has it. Throws what the file system throws, EEXIST where there is one. */
export async function writeToDisk(file: string, bytes: Uint8Array): Promise<void> {
  const descriptor = openSync(file, 'wx');
  try {
    for (let written = 0; written < bytes.byteLength; )
      written += writeSync(descriptor, bytes, written, bytes.byteLength - written, written);
    await flush(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** A rename is on the disk only when its folder is. */
export async function flushFolder(folder: string): Promise<void> {
  const descriptor = openSync(folder, 'r');
  try {
    await flush(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
