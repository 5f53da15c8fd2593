import { S3Error } from './s3-error.ts';

export type ByteRange = { readonly firstByte: number; readonly byteCount: number };

/**
 * The stretch of an object that a Range header asks for; undefined for the whole: no header, a unit other
 * than bytes, several ranges, or a range that ends before it begins (RFC 9110 section 14.2 has those ignored).
 * @throws {S3Error} InvalidRange when it starts behind the end
 */
export function requestedRange(range: string | undefined, sizeBytes: number): ByteRange | undefined {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(range?.trim() ?? '') ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) return undefined;
  const from = first === '' ? Math.max(sizeBytes - Number(last), 0) : Number(first);
  const to = first === '' || last === '' ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1);
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined;
  if (from >= sizeBytes || (first === '' && Number(last) === 0)) {
    throw new S3Error('InvalidRange', {
      elements: { RangeRequested: range ?? '', ActualObjectSize: String(sizeBytes) },
      headers: { 'content-range': `bytes */${sizeBytes}` },
    });
  }
  return { firstByte: from, byteCount: to - from + 1 };
}
