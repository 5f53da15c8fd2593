import { S3Error } from './s3-error.ts';

/**
 * Takes the `aws-chunked` framing off a body, whatever pieces it arrives in. Chunk signatures are skipped,
 * not checked; trailers (checksums, as a rule) are collected.
 */
export class AwsChunkedDecoder {
  readonly trailers = new Map<string, string>();
  #state: 'size' | 'data' | 'data-end' | 'trailer' | 'end' = 'size';
  #line = '';
  #left = 0;

  /**
   * The payload bytes within one piece of the body.
   * @throws {S3Error} IncompleteBody when the framing is broken
   */
  decode(piece: Uint8Array): Uint8Array[] {
    const payload: Uint8Array[] = [];
    let at = 0;
    while (at < piece.length) {
      if (this.#state === 'data') {
        const data = piece.subarray(at, at + this.#left);
        payload.push(data);
        at += data.length;
        this.#left -= data.length;
        if (this.#left === 0) this.#state = 'data-end';
        continue;
      }
      const newline = piece.indexOf(0x0a, at);
      const stop = newline === -1 ? piece.length : newline;
      this.#line += Buffer.from(piece.buffer, piece.byteOffset + at, stop - at).toString('latin1');
      if (this.#line.length > 4096) throw new S3Error('IncompleteBody');
      at = stop + 1;
      if (newline !== -1) this.#endOfLine();
    }
    return payload;
  }

  /** @throws {S3Error} IncompleteBody when the last chunk never came */
  end(): void {
    if (this.#line !== '') this.#endOfLine();
    if (this.#state !== 'trailer' && this.#state !== 'end') throw new S3Error('IncompleteBody');
  }

  #endOfLine(): void {
    const line = this.#line.replace(/\r$/, '');
    this.#line = '';
    if (this.#state === 'data-end') {
      if (line !== '') throw new S3Error('IncompleteBody');
      this.#state = 'size';
    } else if (this.#state === 'size') {
      const size = /^([0-9a-fA-F]{1,12})(?:;.*)?$/.exec(line)?.[1];
      if (size === undefined) throw new S3Error('IncompleteBody');
      this.#left = Number.parseInt(size, 16);
      this.#state = this.#left === 0 ? 'trailer' : 'data';
    } else if (this.#state === 'trailer') {
      const colon = line.indexOf(':');
      if (line === '') this.#state = 'end';
      else if (colon > 0) this.trailers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
    }
  }
}
