import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AwsChunkedDecoder } from '../../../local/s3-server/aws-chunked.ts';

const bytes = fc.uint8Array({ minLength: 1, maxLength: 60 });

/** A body as an SDK frames it. */
function framed(chunks: readonly Uint8Array[], signed: boolean, trailer: string): Buffer {
  const extension = signed ? `;chunk-signature=${'a'.repeat(64)}` : '';
  const pieces = chunks.flatMap((chunk) => [`${chunk.length.toString(16)}${extension}\r\n`, chunk, '\r\n']);
  const end = [`0${extension}\r\n`, trailer, '\r\n'];
  return Buffer.concat([...pieces, ...end].map((piece) => Buffer.from(piece)));
}

describe('aws-chunked bodies', () => {
  it('come out whole, wherever the network cuts them', () => {
    const cut = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(fc.array(bytes, { maxLength: 5 }), fc.boolean(), cut, (chunks, signed, cuts) => {
        const wire = framed(chunks, signed, 'x-amz-checksum-crc32:AAAAAA==\r\n');
        const decoder = new AwsChunkedDecoder();
        const out: Uint8Array[] = [];
        for (let at = 0, n = 0; at < wire.length; n += 1) {
          const length = cuts[n % cuts.length] ?? 1;
          out.push(...decoder.decode(wire.subarray(at, at + length)));
          at += length;
        }
        decoder.end();
        expect(Buffer.concat(out)).toEqual(Buffer.concat(chunks));
        expect(decoder.trailers.get('x-amz-checksum-crc32')).toBe('AAAAAA==');
      }),
      { seed: 3 },
    );
  });

  it('are refused when they end early or when the framing is not one', () => {
    const whole = framed([Buffer.from('hello')], false, '');
    const early = new AwsChunkedDecoder();
    early.decode(whole.subarray(0, 6));
    expect(() => early.end()).toThrow('number of bytes');
    expect(() => new AwsChunkedDecoder().decode(Buffer.from('hello, world\r\n'))).toThrow('number of bytes');
    expect(() => new AwsChunkedDecoder().decode(Buffer.from('2\r\nhello\r\n'))).toThrow('number of bytes');
  });
});
