import { createHash, type Hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { S3Error } from './s3-error.ts';

/** Checksum headers this server can verify itself; the others (crc32c, crc64nvme) are stored as given. */
export const VERIFIED_CHECKSUMS = [
  'x-amz-checksum-crc32',
  'x-amz-checksum-sha1',
  'x-amz-checksum-sha256',
] as const;

const CHECKSUM_HEADER = /^x-amz-checksum-(crc32|crc32c|crc64nvme|sha1|sha256)$/;

/** The headers or trailers among `names` that carry a checksum. */
export function isChecksumHeader(name: string): boolean {
  return CHECKSUM_HEADER.test(name);
}

/** Computes, in one pass over a body, every digest that it must be compared with. */
export class BodyDigests {
  readonly #md5 = createHash('md5');
  readonly #hashes = new Map<string, Hash>();
  #crc32: number | undefined;

  /** `wanted` names checksum headers, and `payload` for the hash that the signature covers. */
  constructor(wanted: ReadonlySet<string>) {
    if (wanted.has('payload')) this.#hashes.set('payload', createHash('sha256'));
    if (wanted.has('x-amz-checksum-sha1')) this.#hashes.set('x-amz-checksum-sha1', createHash('sha1'));
    if (wanted.has('x-amz-checksum-sha256')) this.#hashes.set('x-amz-checksum-sha256', createHash('sha256'));
    if (wanted.has('x-amz-checksum-crc32')) this.#crc32 = 0;
  }

  update(chunk: Uint8Array): void {
    this.#md5.update(chunk);
    for (const hash of this.#hashes.values()) hash.update(chunk);
    if (this.#crc32 !== undefined) this.#crc32 = crc32(chunk, this.#crc32);
  }

  /**
   * Compares with what the client declared and gives the MD5 (hex).
   * @throws {S3Error} BadDigest, InvalidDigest, XAmzContentSHA256Mismatch
   */
  settle(declared: {
    contentMd5: string | undefined;
    payloadSha256: string | undefined;
    checksums: Readonly<Record<string, string>>;
  }): string {
    const md5 = this.#md5.digest();
    if (declared.contentMd5 !== undefined) {
      const given = Buffer.from(declared.contentMd5, 'base64');
      if (given.length !== 16) throw new S3Error('InvalidDigest');
      if (!given.equals(md5)) throw new S3Error('BadDigest');
    }
    const payload = this.#hashes.get('payload')?.digest('hex');
    if (payload !== undefined && payload !== declared.payloadSha256) {
      throw new S3Error('XAmzContentSHA256Mismatch');
    }
    for (const [name, given] of Object.entries(declared.checksums)) {
      const computed = this.#checksum(name);
      if (computed !== undefined && computed !== given) {
        throw new S3Error('BadDigest', {
          message: `The ${name.slice('x-amz-checksum-'.length).toUpperCase()} you specified did not match the calculated checksum.`,
        });
      }
    }
    return md5.toString('hex');
  }

  #checksum(name: string): string | undefined {
    if (name === 'x-amz-checksum-crc32' && this.#crc32 !== undefined) {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(this.#crc32);
      return bytes.toString('base64');
    }
    return this.#hashes.get(name)?.digest('base64');
  }
}
