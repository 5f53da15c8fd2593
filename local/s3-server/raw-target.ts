import { S3Error } from './s3-error.ts';

/** What a request line addresses, decoded once and never normalised: `a//b` and `d/../x` are keys. */
export type RawTarget = {
  /** Exactly as on the wire, for the signature. */
  readonly rawPath: string;
  readonly rawQuery: string;
  readonly bucket: string;
  readonly key: string;
  readonly query: ReadonlyMap<string, string>;
};

/** S3's limit on the UTF-8 length of a key. */
const LONGEST_KEY_BYTES = 1024;

/**
 * Splits a request line's target into bucket, key and query (path-style addressing). `new URL()` is out of
 * the question here: it resolves `.` and `..` segments, which are legal in keys.
 * @throws {S3Error} InvalidURI for bytes that are not UTF-8, KeyTooLongError past 1,024 bytes
 */
export function parseTarget(url: string): RawTarget {
  const target = url.startsWith('/') ? url : url.replace(/^[a-z]+:\/\/[^/?]*/i, '');
  const mark = target.indexOf('?');
  const rawPath = (mark === -1 ? target : target.slice(0, mark)) || '/';
  const rawQuery = mark === -1 ? '' : target.slice(mark + 1);
  const slash = rawPath.indexOf('/', 1);
  const bucket = decodePercent(slash === -1 ? rawPath.slice(1) : rawPath.slice(1, slash));
  const key = slash === -1 ? '' : decodePercent(rawPath.slice(slash + 1));
  if (key.length * 3 > LONGEST_KEY_BYTES && Buffer.byteLength(key) > LONGEST_KEY_BYTES) {
    throw new S3Error('KeyTooLongError', {
      elements: { Size: String(Buffer.byteLength(key)), MaxSizeAllowed: String(LONGEST_KEY_BYTES) },
    });
  }
  return { rawPath, rawQuery, bucket, key, query: parseQuery(rawQuery) };
}

/** Names and values of a query string; of a repeated name the first counts. */
export function parseQuery(rawQuery: string): ReadonlyMap<string, string> {
  const query = new Map<string, string>();
  if (rawQuery === '') return query;
  for (const pair of rawQuery.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = decodeForm(equals === -1 ? pair : pair.slice(0, equals));
    if (!query.has(name)) query.set(name, equals === -1 ? '' : decodeForm(pair.slice(equals + 1)));
  }
  return query;
}

/**
 * Percent-decoding that keeps `+` and refuses what is not UTF-8.
 * @throws {S3Error} InvalidURI
 */
export function decodePercent(text: string): string {
  // Bytes above 0x7f that a client sent unencoded arrive as Latin-1 characters.
  const ascii = /[\u0080-\uffff]/.test(text) ? percentEncodeLatin1(text) : text;
  if (!ascii.includes('%')) return ascii;
  try {
    return decodeURIComponent(ascii);
  } catch {
    throw new S3Error('InvalidURI');
  }
}

/** As in a form: `+` is a space. */
export function decodeForm(text: string): string {
  return decodePercent(text.includes('+') ? text.replaceAll('+', ' ') : text);
}

function percentEncodeLatin1(text: string): string {
  return text.replace(/[\u0080-\u00ff]/g, (one) => `%${one.charCodeAt(0).toString(16)}`);
}
