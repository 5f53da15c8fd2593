import { isUtf8 } from 'node:buffer';
import { keyForms, type PackedFields, type PackedPage } from '../../core/inventory/packed-page.ts';
import {
  asItIs,
  behindPlain,
  beyondAscii,
  decodedAt,
  inJsonEscaped,
  inUrlEncoded,
  isMark,
  kinds,
  msOf,
  msOfDay,
  noText,
} from './listing-bytes.ts';
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

const mostDigits = 15;
const [percent, lessThan, dot, capitalC] = [0x25, 0x3c, 0x2e, 0x43] as const;
const dayLength = '2024-01-01'.length;
const withMilliseconds = '2024-01-01T00:00:00.000Z'.length;
const withoutMilliseconds = '2024-01-01T00:00:00Z'.length;

/** No object is written in less. */
const leastBytes = beforeKey.length + beforeTime.length + beforeEtag.length + beforeClass.length;

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
    keyForm: new Uint8Array(objects),
    encoded: new Uint8Array(objects),
  };
}

/**
 * Scans the objects that stand from `from` on to the end of the view, and decodes their keys in place. Gives what is known of
 * them, which the next call overwrites; null where one is written in another way than Amazon's, and has changed nothing then.
 */
export function scanObjects(
  bytes: Buffer,
  view: DataView,
  from: number,
  encoded: boolean,
): (PackedFields & Pick<PackedPage, 'count' | 'keysIn'>) | null {
  const mostObjects = Math.ceil((view.byteLength - from) / leastBytes);
  if (mostObjects > room.keyForm.length) room = roomFor(mostObjects);
  sawWide = false;
  const count = scanWithin(bytes, view, from, encoded);
  if (count === null || !decodeAll(bytes.subarray(from, view.byteLength), bytes, count)) return null;
  const { encoded: _, ...fields } = room;
  return { ...fields, count, keysIn: sawWide ? 'utf8' : 'latin1' };
}

/** Whether a key of the answer that is scanned has a character beyond ASCII. */
let sawWide = false;
/** What the objects of an answer were before their keys were decoded, where these might prove to be no UTF-8. */
let before = Buffer.alloc(0);

/** Decodes the keys in place; false where one is no UTF-8, and all is as it was then. */
function decodeAll(objects: Buffer, bytes: Buffer, count: number): boolean {
  if (sawWide) {
    if (before.length < objects.length) before = Buffer.allocUnsafeSlow(2 * objects.length);
    objects.copy(before);
  }
  for (let index = 0; index < count; index++) if (room.encoded[index] === 1) decodeInPlace(bytes, index);
  if (!sawWide || isUtf8(objects)) return true;
  before.copy(objects, 0, 0, objects.length);
  return false;
}

function scanWithin(bytes: Buffer, view: DataView, from: number, encoded: boolean): number | null {
  try {
    return scanAll(bytes, view, from, encoded);
  } catch (error) {
    // A damaged page leads beyond its end, which is not asked for at each of its tags.
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** Fills the fields. Gives how many objects there are; null where one is written in another way. */
function scanAll(bytes: Buffer, view: DataView, from: number, encoded: boolean): number | null {
  const { keyFrom, keyTo, etagFrom, etagTo, sizeBytes, modifiedAtMs, storageClass, keyForm } = room;
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
    keyForm[count] = keyForms.ascii;
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

/** The place behind the key, from the first byte on that is unusual; elsewhere for a key that is no text. */
function behindUnusual(bytes: Buffer, from: number, index: number, encoded: boolean): number {
  let at = from;
  let [isEscaped, isWide] = [false, false];
  for (; ; at = behindPlain(bytes, at + 1)) {
    const kind = kinds[bytes[at] ?? 0];
    if (kind === noText) break;
    if (kind === inJsonEscaped) isEscaped = true;
    else if (kind === beyondAscii) isWide = true;
    else if (encoded) {
      room.encoded[index] = 1;
      if (bytes[at] !== percent) continue;
      const decoded = decodedAt(bytes, at);
      if (!(decoded >= 0)) return nowhere;
      if (decoded >= 0x80) isWide = true;
      // Of those that are no text in XML, these stand in JSON as they are.
      else if (kinds[decoded] !== asItIs && !isMark(decoded)) isEscaped = true;
      at += 2;
    }
  }
  if (isWide) sawWide = true;
  if (isEscaped) room.keyForm[index] = keyForms.escaped;
  else if (isWide) room.keyForm[index] = keyForms.wide;
  return at;
}

/** The place behind what Amazon tells of an object's checksums. */
function behindChecksums(bytes: Buffer, view: DataView, from: number): number {
  let at = from;
  while (stands(view, at, beforeAlgorithm))
    at = behindWord(bytes, view, at + beforeAlgorithm.length, afterAlgorithm);
  return stands(view, at, beforeType) ? behindWord(bytes, view, at + beforeType.length, afterType) : at;
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

/** What is decoded is shorter than before: behind it is a byte that is part of no character, whatever was there. */
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
  if (written < to) bytes[written] = 0x20;
  room.keyTo[index] = written;
}
