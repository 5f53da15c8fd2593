import { readdir, readFile } from 'node:fs/promises';

/** What a function weighs: its package as Lambda stores it, and what a cold start unpacks. */
export type BundleSize = { name: string; zippedBytes: number; unzippedBytes: number };

/**
 * The sizes of the functions in a folder that `sls package` filled, in order of their names. Throws when the folder holds
 * no zip, or one that is damaged.
 */
export async function bundleSizes(folder: string): Promise<BundleSize[]> {
  const zips = (await readdir(folder)).filter((name) => name.endsWith('.zip')).sort();
  if (zips.length === 0) throw new Error(`${folder} holds no packaged function: run sls package first`);
  return Promise.all(
    zips.map(async (file) => {
      const bytes = await readFile(`${folder}/${file}`);
      return {
        name: file.slice(0, -'.zip'.length),
        zippedBytes: bytes.byteLength,
        unzippedBytes: unzippedBytes(file, bytes),
      };
    }),
  );
}

/** Sums the central directory. [src: PKWARE APPNOTE 6.3, 4.3.12 and 4.3.16] */
function unzippedBytes(file: string, bytes: Buffer): number {
  const end = bytes.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  if (end < 0) throw new Error(`${file} is no zip: package again`);
  const entries = bytes.readUInt16LE(end + 10);
  let at = bytes.readUInt32LE(end + 16);
  let sum = 0;
  for (let entry = 0; entry < entries; entry++) {
    if (bytes.readUInt32LE(at) !== 0x02014b50) throw new Error(`${file} is damaged: package again`);
    sum += bytes.readUInt32LE(at + 24);
    at += 46 + bytes.readUInt16LE(at + 28) + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
  }
  return sum;
}
