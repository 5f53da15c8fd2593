import { crc32, inflateRawSync } from 'node:zlib';

const endMark = 0x06054b50;
const entryMark = 0x02014b50;
const localHeaderBytes = 30;

/**
 * The content of the first file of a zip archive whose name fits. Reads plain and deflated entries, and
 * checks the CRC. Throws an error that says what is wrong with the archive. [src: PKWARE APPNOTE.TXT]
 */
export function zipEntry(archive: Buffer, fits: (name: string) => boolean): Buffer {
  const end = endRecord(archive);
  const count = archive.readUInt16LE(end + 10);
  let at = archive.readUInt32LE(end + 16);
  for (let entry = 0; entry < count; entry++) {
    if (archive.readUInt32LE(at) !== entryMark)
      throw new Error('The zip archive is damaged: no entry follows');
    const nameBytes = archive.readUInt16LE(at + 28);
    const name = archive.toString('utf8', at + 46, at + 46 + nameBytes);
    if (fits(name)) return content(archive, at, name);
    at += 46 + nameBytes + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
  }
  throw new Error(`None of the ${count} files of the zip archive is the wanted one`);
}

/** The record is the last thing in the file, but for a comment of up to 64 KiB. */
function endRecord(archive: Buffer): number {
  for (let at = archive.length - 22; at >= Math.max(0, archive.length - 22 - 0xffff); at--) {
    if (archive.readUInt32LE(at) === endMark) return at;
  }
  throw new Error('This is no zip archive, or only the beginning of one');
}

function content(archive: Buffer, at: number, name: string): Buffer {
  const method = archive.readUInt16LE(at + 10);
  const sum = archive.readUInt32LE(at + 16);
  const packedBytes = archive.readUInt32LE(at + 20);
  const local = archive.readUInt32LE(at + 42);
  if (packedBytes === 0xffffffff || local === 0xffffffff) {
    throw new Error('The zip archive is larger than 4 GiB, which is not read');
  }
  const start =
    local + localHeaderBytes + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
  const packed = archive.subarray(start, start + packedBytes);
  if (method !== 0 && method !== 8)
    throw new Error(`${name} is packed by method ${method}, which is not read`);
  const bytes = method === 8 ? inflateRawSync(packed) : packed;
  if (crc32(bytes) !== sum) throw new Error(`${name} is damaged: its CRC differs`);
  return bytes;
}
