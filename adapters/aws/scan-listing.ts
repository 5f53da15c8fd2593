import type { PackedFields, PackedPage } from '../../core/inventory/packed-page.ts';
import { momentAt } from './listing-time.ts';
import { stands, type Tag, tagOf } from './scanned-tags.ts';

const beforeKey = tagOf('<Contents><Key>');
const beforeTime = tagOf('</Key><LastModified>');
const beforeEtag = tagOf('</LastModified><ETag>&quot;');
const afterEtag = tagOf('&quot;</ETag>');
const beforeAlgorithm = tagOf('<ChecksumAlgorithm>');
const afterAlgorithm = tagOf('</ChecksumAlgorithm>');
const beforeType = tagOf('<ChecksumType>');
const afterType = tagOf('</ChecksumType>');
const beforeSize = tagOf('<Size>');
const beforeClass = tagOf('</Size><StorageClass>');
const afterClass = tagOf('</StorageClass></Contents>');

/** What stands around the objects: elements with nothing but text inside, printable ASCII without escapes. */
const head =
  /^(?:<\?xml [^?]*\?>)?[ \t\r\n]*<ListBucketResult(?: xmlns="[^"]*")?>((?:<(\w+)>[ -%'-;=-~]*<\/\2>|<\w+\/>)*)$/;
const tail = /^((?:<(\w+)>[ -%'-;=-~]*<\/\2>|<\w+\/>)*)<\/ListBucketResult>[ \t\r\n]*$/;
const longestAround = 8 * 1024;

/** What a byte is in a text: part of it as it is, part of it in another way, or none. */
const [asItIs, inJsonEscaped, inUrlEncoded, noText] = [0, 1, 2, 3] as const;
const kinds = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte < 0x20 || byte > 0x7e || byte === 0x26 || byte === 0x3c) return noText;
  if (byte === 0x22 || byte === 0x5c) return inJsonEscaped;
  return byte === 0x25 || byte === 0x2b ? inUrlEncoded : asItIs;
});

const mostDigits = 15;
const [percent, lessThan, dot, capitalC] = [0x25, 0x3c, 0x2e, 0x43] as const;
const dayLength = '2024-01-01'.length;
const withMilliseconds = '2024-01-01T00:00:00.000Z'.length;
const withoutMilliseconds = '2024-01-01T00:00:00Z'.length;

let room = roomFor(1000);

function roomFor(objects: number): PackedFields & { encoded: Uint8Array } {
  return {
    keyFrom: new Int32Array(objects),
    keyTo: new Int32Array(objects),
    etagFrom: new Int32Array(objects),
    etagTo: new Int32Array(objects),
    sizeBytes: new Float64Array(objects),
    modifiedAtMs: new Float64Array(objects),
    storageClass: new Array<string>(objects).fill(''),
    plain: new Uint8Array(objects),
    encoded: new Uint8Array(objects),
  };
}

/**
 * Scans an answer to ListObjectsV2 where it lies, if it is written as Amazon S3 writes it and no key is outside ASCII. Gives
 * null for everything else, and has changed nothing then: `parseListing` knows more ways to write one. What it gives it
 * gives as `parseListing` would (a test holds them to each other); URL-encoded keys are decoded in place. The fields are
 * the same for every page.
 */
export function scanListing(bytes: Buffer): (PackedPage & { token: string | undefined }) | null {
  const from = bytes.indexOf('<Contents>');
  const behind = bytes.lastIndexOf('</Contents>') + '</Contents>'.length;
  if (from === -1 || behind <= from) return null;
  const told = toldAround(bytes, from, behind);
  if (told === null) return null;
  const mostObjects = Math.ceil((behind - from) / leastBytes);
  if (mostObjects > room.plain.length) room = roomFor(mostObjects);
  const view = new DataView(bytes.buffer, bytes.byteOffset, behind);
  const count = scanWithin(bytes, view, from, told.encoded);
  if (count === null) return null;
  for (let index = 0; index < count; index++) if (room.encoded[index] === 1) decodeInPlace(bytes, index);
  const { encoded: _, ...fields } = room;
  return { ...fields, count, more: told.truncated, token: told.token, bytes, view };
}

/** No object is written in less. */
const leastBytes = beforeKey.length + beforeTime.length + beforeEtag.length + beforeClass.length;

function toldAround(
  bytes: Buffer,
  from: number,
  behind: number,
): { truncated: boolean; encoded: boolean; token: string | undefined } | null {
  if (from > longestAround || bytes.length - behind > longestAround) return null;
  const before = head.exec(bytes.toString('latin1', 0, from));
  const after = tail.exec(bytes.toString('latin1', behind));
  if (before === null || after === null) return null;
  const values = new Map<string, string>();
  for (const [, name = '', value = ''] of `${before[1]}${after[1]}`.matchAll(/<(\w+)(?:\/>|>([^<]*))/g)) {
    // Elements that have children, or may come twice, do not come here.
    if (values.has(name)) return null;
    values.set(name, value);
  }
  const [truncated, encoding] = [values.get('IsTruncated'), values.get('EncodingType')];
  if ((truncated !== 'true' && truncated !== 'false') || (encoding !== undefined && encoding !== 'url'))
    return null;
  return {
    truncated: truncated === 'true',
    encoded: encoding === 'url',
    token: values.get('NextContinuationToken'),
  };
}

function scanWithin(bytes: Buffer, view: DataView, from: number, encoded: boolean): number | null {
  try {
    return scanObjects(bytes, view, from, encoded);
  } catch (error) {
    // A damaged page leads beyond its end, which is not asked for at each of its tags.
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** Fills the fields. Gives how many objects there are; null where one is written in another way. */
function scanObjects(bytes: Buffer, view: DataView, from: number, encoded: boolean): number | null {
  const { keyFrom, keyTo, etagFrom, etagTo, sizeBytes, modifiedAtMs, storageClass, plain } = room;
  let day = { tag: afterClass, ms: 0 };
  let lastClass = { name: '', end: afterClass };
  let count = 0;
  let at = from;
  const end = view.byteLength;
  for (; at < end; count++) {
    if (!stands(view, at, beforeKey)) return null;
    at += beforeKey.length;
    keyFrom[count] = at;
    at = behindPlain(bytes, at);
    plain[count] = 1;
    room.encoded[count] = 0;
    if (bytes[at] !== lessThan) {
      at = behindUnusual(bytes, at, count, encoded);
      if (bytes[at] !== lessThan) return null;
    }
    keyTo[count] = at;
    if (at === keyFrom[count] || !stands(view, at, beforeTime)) return null;
    at += beforeTime.length;
    if (!stands(view, at, day.tag)) {
      const text = bytes.toString('latin1', at, at + dayLength);
      const ms = msOf(text);
      if (ms === null) return null;
      day = { tag: tagOf(text), ms };
    }
    const ms = msOfDay(bytes, at + dayLength);
    if (!(ms >= 0)) return null;
    modifiedAtMs[count] = day.ms + ms;
    at += bytes[at + 19] === dot ? withMilliseconds : withoutMilliseconds;
    if (!stands(view, at, beforeEtag)) return null;
    at += beforeEtag.length;
    etagFrom[count] = at;
    at = behindPlain(bytes, at);
    while (kinds[bytes[at] ?? 0] === inUrlEncoded) at = behindPlain(bytes, at + 1);
    etagTo[count] = at;
    if (at === etagFrom[count] || !stands(view, at, afterEtag)) return null;
    at += afterEtag.length;
    if (bytes[at + 1] === capitalC) at = behindChecksums(bytes, view, at);
    if (!stands(view, at, beforeSize)) return null;
    at += beforeSize.length;
    const digits = at;
    let size = 0;
    for (; ; at++) {
      const digit = (bytes[at] ?? 0) - 0x30;
      if (!(digit >= 0 && digit <= 9)) break;
      size = size * 10 + digit;
    }
    if (at === digits || at > digits + mostDigits || !stands(view, at, beforeClass)) return null;
    sizeBytes[count] = size;
    at += beforeClass.length;
    if (lastClass.name === '' || !stands(view, at, lastClass.end)) {
      const behind = behindWord(bytes, view, at, afterClass);
      if (behind === nowhere) return null;
      const name = bytes.toString('latin1', at, behind - afterClass.length);
      if (name === '') return null;
      lastClass = { name, end: tagOf(`${name}</StorageClass></Contents>`) };
    }
    at += lastClass.end.length;
    storageClass[count] = lastClass.name;
  }
  return at === end ? count : null;
}

/** The place of the first byte that does not stand for itself everywhere. */
function behindPlain(bytes: Buffer, from: number): number {
  const all = kinds;
  let at = from;
  while (all[bytes[at] ?? 0] === 0) at += 1;
  return at;
}

/** The place behind the key, from the first byte on that is unusual; elsewhere for a key that is not ASCII. */
function behindUnusual(bytes: Buffer, from: number, index: number, encoded: boolean): number {
  let at = from;
  for (; ; at = behindPlain(bytes, at + 1)) {
    const kind = kinds[bytes[at] ?? 0];
    if (kind === noText) return at;
    if (kind === inJsonEscaped) room.plain[index] = 0;
    else if (encoded) {
      room.encoded[index] = 1;
      if (bytes[at] !== percent) continue;
      const decoded = decodedAt(bytes, at);
      if (!(decoded < 0x80)) return nowhere;
      // Of those that are no text in XML, these stand in JSON as they are.
      if (kinds[decoded] !== asItIs && !isMark(decoded)) room.plain[index] = 0;
      at += 2;
    }
  }
}

/** The place behind what Amazon tells of an object's checksums. */
function behindChecksums(bytes: Buffer, view: DataView, from: number): number {
  let at = from;
  while (stands(view, at, beforeAlgorithm))
    at = behindWord(bytes, view, at + beforeAlgorithm.length, afterAlgorithm);
  return stands(view, at, beforeType) ? behindWord(bytes, view, at + beforeType.length, afterType) : at;
}

/** Milliseconds of the day, from `T00:00:00.000Z` or `T00:00:00Z`; NaN for everything else. */
function msOfDay(bytes: Buffer, at: number): number {
  const hour = digitsAt(bytes, at + 1, 2);
  const minute = digitsAt(bytes, at + 4, 2);
  const second = digitsAt(bytes, at + 7, 2);
  const hasMilliseconds = bytes[at + 9] === dot;
  const millisecond = hasMilliseconds ? digitsAt(bytes, at + 10, 3) : 0;
  const marks = bytes[at] === 0x54 && bytes[at + 3] === 0x3a && bytes[at + 6] === 0x3a;
  if (!marks || bytes[at + (hasMilliseconds ? 13 : 9)] !== 0x5a) return Number.NaN;
  const exists = hour <= 23 && minute <= 59 && second <= 59;
  return exists ? ((hour * 60 + minute) * 60 + second) * 1000 + millisecond : Number.NaN;
}

/** NaN where there is anything but digits. */
function digitsAt(bytes: Buffer, from: number, digits: number): number {
  let value = 0;
  for (let at = from; at < from + digits; at++) {
    const digit = (bytes[at] ?? 0) - 0x30;
    if (!(digit >= 0 && digit <= 9)) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

/** When a day such as `2024-01-01` begins; null for what is none, and before 1970. */
function msOf(day: string): number | null {
  try {
    const text = `${day}T00:00:00Z`;
    const ms = momentAt(text, 0, text.length);
    return ms >= 0 ? ms : null;
  } catch {
    return null;
  }
}

/** Where nothing stands. */
const nowhere = Number.MAX_SAFE_INTEGER;

/** The place behind a word of capitals, digits and `_` and the tag that ends it. */
function behindWord(bytes: Buffer, view: DataView, from: number, end: Tag): number {
  let at = from;
  for (; ; at++) {
    const byte = bytes[at] ?? 0;
    if (!((byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a) || byte === 0x5f)) break;
  }
  return stands(view, at, end) ? at + end.length : nowhere;
}

const isMark = (byte: number): boolean => byte === 0x26 || byte === 0x3c || byte === 0x25 || byte === 0x2b;

/** The byte that `%XX` stands for; NaN where it is none. */
function decodedAt(bytes: Buffer, at: number): number {
  return 16 * hexadecimal(bytes[at + 1] ?? 0) + hexadecimal(bytes[at + 2] ?? 0);
}

function hexadecimal(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : Number.NaN;
}

/** What is decoded is shorter than before. */
function decodeInPlace(bytes: Buffer, index: number): void {
  const to = room.keyTo[index] ?? 0;
  let from = room.keyFrom[index] ?? 0;
  let written = from;
  for (; from < to; written++) {
    const byte = bytes[from] ?? 0;
    const isEscape = byte === percent;
    bytes[written] = isEscape ? decodedAt(bytes, from) : byte === 0x2b ? 0x20 : byte;
    from += isEscape ? 3 : 1;
  }
  room.keyTo[index] = written;
}
