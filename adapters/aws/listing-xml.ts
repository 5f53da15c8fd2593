import { isAscii } from 'node:buffer';
import { listingPieces } from './listing-pieces.ts';
import { momentAt, momentLength } from './listing-time.ts';
import { etagOf, UnusualListing, withoutEscapes } from './listing-values.ts';

export { UnusualListing };

/** What a store lists of an object, as it stands in the answer: a URL-encoded key is still encoded. */
export type ListedEntry = {
  key: string;
  sizeBytes: number;
  etag: string | null;
  modifiedAtMs: number;
  storageClass: string | null;
};

/** A page of a listing as the answer tells it. */
export type ListedPage = {
  entries: ListedEntry[];
  truncated: boolean;
  encoded: boolean;
  /** How the keys stand there: some of them encoded in fact, or all as they are, and then perhaps all in ASCII. */
  keys: 'encoded' | 'asTheyAre' | 'ascii';
  /** NextContinuationToken of version 2. */
  token: string | undefined;
  /** NextMarker of version 1, still encoded. */
  nextMarker: string | undefined;
};

const encodingMark = '<EncodingType>url</EncodingType>';
const root = /^(?:<\?xml [^?]*\?>)?[ \t\r\n]*<ListBucketResult(?: xmlns="[^"]*")?>/;
const end = /^<\/ListBucketResult>[ \t\r\n]*$/;

/**
 * Parses the answer to ListObjects or ListObjectsV2 at the speed at which it comes: in one pass, without a tree.
 * It takes plain elements, in any order, on lines of their own or not; everything that a store's listing has no
 * reason to contain (attributes, comments, CDATA, text between elements, a key twice) makes it throw
 * `UnusualListing` instead of guessing.
 */
export function parseListing(body: Buffer): ListedPage {
  const encoded = body.includes(encodingMark);
  const texts = listingPieces(body);
  const text = texts.next().value ?? '';
  const opening = root.exec(text.slice(0, 400));
  if (opening === null) throw new UnusualListing('it does not begin as a listing');
  const page = new ListingReader(text, opening[0].length, texts).page(encoded);
  return { ...page, keys: keysIn(body, encoded) };
}

/** Looked for once in the whole answer, and not in every key. */
function keysIn(body: Buffer, encoded: boolean): ListedPage['keys'] {
  const objects = body.subarray(body.indexOf('<Contents>'), body.lastIndexOf('</Contents>'));
  const asNumber = objects.includes('&#');
  if (encoded && (asNumber || objects.includes('%') || objects.includes('+'))) return 'encoded';
  return isAscii(objects) && !asNumber ? 'ascii' : 'asTheyAre';
}

function twice(name: string): UnusualListing {
  return new UnusualListing(`it tells ${name} twice`);
}

/** The elements of an object that are read; `<ETag/>` is none of them. */
const read = new Set(['Key', 'LastModified', 'ETag', 'Size', 'StorageClass']);

/** The elements of a listing that have children, beside the objects. */
const parents = new Set(['Owner', 'CommonPrefixes', 'RestoreStatus']);

/** Children that hold nothing but text, such as those of an Owner. */
const simpleChildren = /^(?:[ \t\r\n]*<([A-Za-z][A-Za-z0-9]*)>[^<]*<\/\1>)*[ \t\r\n]*$/;

class ListingReader {
  #text: string;
  #at: number;
  readonly #more: Iterator<string, undefined>;
  #lastClass = '';
  /** The last class with its closing tag; what no text begins with, before the first. */
  #lastClassEnd = '<';

  constructor(text: string, at: number, more: Iterator<string, undefined>) {
    this.#text = text;
    this.#at = at;
    this.#more = more;
  }

  page(encoded: boolean): Omit<ListedPage, 'keys'> {
    const entries: ListedEntry[] = [];
    const told = new Map<string, string>();
    for (;;) {
      if (this.#takes('<Contents>')) {
        entries.push(this.#entry());
        if (this.#at === this.#text.length) this.#goOn();
        continue;
      }
      this.#skipSpace();
      if (this.#text.startsWith('</', this.#at)) break;
      if (this.#text.startsWith('<Contents>', this.#at)) continue;
      const { name, value } = this.#element();
      if (name !== 'CommonPrefixes' && told.has(name)) throw twice(name);
      told.set(name, value);
    }
    if (!end.test(this.#text.slice(this.#at, this.#at + 100)) || this.#more.next().done !== true)
      throw new UnusualListing('it does not end as a listing');
    const truncated = told.get('IsTruncated');
    if (truncated !== 'true' && truncated !== 'false')
      throw new UnusualListing('it does not say whether it ends');
    if (encoded !== (told.get('EncodingType') === 'url')) throw new UnusualListing('its encoding is unclear');
    return {
      entries,
      truncated: truncated === 'true',
      encoded,
      token: plainText(told.get('NextContinuationToken')),
      nextMarker: plainText(told.get('NextMarker')),
    };
  }

  #entry(): ListedEntry {
    let key: string | undefined;
    let sizeBytes: number | undefined;
    let modifiedAtMs: number | undefined;
    let etag: string | null | undefined;
    let storageClass: string | undefined;
    const others: string[] = [];
    for (;;) {
      if (this.#takes('<Key>', key)) key = withoutEscapes(this.#rest('</Key>'));
      else if (this.#takes('<LastModified>', modifiedAtMs)) modifiedAtMs = this.#moment();
      else if (this.#takes('<ETag>', etag)) etag = etagOf(this.#rest('</ETag>'));
      else if (this.#takes('<Size>', sizeBytes)) sizeBytes = this.#size();
      else if (this.#takes('<StorageClass>', storageClass)) storageClass = this.#storageClass();
      else if (this.#takes('</Contents>')) break;
      else if (!this.#skipSpace()) {
        const { name } = this.#element();
        if (read.has(name)) throw new UnusualListing(`${name} is empty`);
        if (name !== 'ChecksumAlgorithm' && others.includes(name)) throw twice(name);
        others.push(name);
      }
    }
    if (key === undefined || sizeBytes === undefined || modifiedAtMs === undefined)
      throw new UnusualListing('an object has no key, size or time');
    return { key, sizeBytes, etag: etag ?? null, modifiedAtMs, storageClass: storageClass ?? null };
  }

  /** Pieces end where an object does. */
  #goOn(): void {
    this.#text = this.#more.next().value ?? '';
    this.#at = 0;
  }

  /** Goes past the tag, if it is next. Throws where what it opens was `known` already. */
  #takes(tag: string, known?: unknown): boolean {
    if (!this.#text.startsWith(tag, this.#at)) return false;
    if (known !== undefined) throw twice(tag);
    this.#at += tag.length;
    return true;
  }

  /** The text up to the closing tag, which must be nothing but text. */
  #rest(closing: string): string {
    const close = this.#text.indexOf('<', this.#at);
    if (close === -1 || !this.#text.startsWith(closing, close))
      throw new UnusualListing(`no ${closing} where it belongs`);
    const value = this.#text.slice(this.#at, close);
    this.#at = close + closing.length;
    return value;
  }

  /** An element that is of no interest inside, with its children if it has any. */
  #element(): { name: string; value: string } {
    const opening = /^<([A-Za-z][A-Za-z0-9]*)(\/?)>/.exec(this.#text.slice(this.#at, this.#at + 60));
    const name = opening?.[1];
    if (opening === null || name === undefined)
      throw new UnusualListing('there is something between its elements');
    const start = this.#at + opening[0].length;
    this.#at = start;
    if (opening[2] === '/') return { name, value: '' };
    const closing = `</${name}>`;
    const close = this.#text.indexOf(closing, start);
    if (close === -1) throw new UnusualListing(`${name} has no end`);
    this.#at = close + closing.length;
    const value = this.#text.slice(start, close);
    if (value.includes('<') && !(parents.has(name) && simpleChildren.test(value)))
      throw new UnusualListing(`${name} is nested`);
    if (value.includes('&')) withoutEscapes(value);
    return { name, value };
  }

  /** White space between elements. The SDK takes it for text where it holds no line feed: it is left to it. */
  #skipSpace(): boolean {
    const from = this.#at;
    while (isSpace(this.#text.charCodeAt(this.#at))) this.#at += 1;
    if (this.#at > from && !this.#text.slice(from, this.#at).includes('\n'))
      throw new UnusualListing('there is space between its elements');
    return this.#at > from;
  }

  /** Neighbours are mostly of one class, which is then compared and not cut out again. */
  #storageClass(): string {
    if (this.#takes(this.#lastClassEnd)) return this.#lastClass;
    this.#lastClass = withoutEscapes(this.#rest('</StorageClass>'));
    this.#lastClassEnd = `${this.#lastClass}</StorageClass>`;
    return this.#lastClass;
  }

  #size(): number {
    const text = this.#text;
    let size = 0;
    let at = this.#at;
    for (let unit = text.charCodeAt(at); unit >= zero && unit <= nine; unit = text.charCodeAt(at)) {
      size = size * 10 + unit - zero;
      at += 1;
    }
    if (at === this.#at || at > this.#at + mostDigits) throw new UnusualListing('a size that is no number');
    this.#at = at;
    if (this.#rest('</Size>') !== '') throw new UnusualListing('a size that is no number');
    return size;
  }

  #moment(): number {
    const length = momentLength(this.#text, this.#at);
    const ms = momentAt(this.#text, this.#at, length);
    this.#at += length;
    if (this.#rest('</LastModified>') !== '') throw new UnusualListing('a time of another form');
    return ms;
  }
}

const [zero, nine] = [0x30, 0x39] as const;
/** More would not be told apart by a number. */
const mostDigits = 15;

function plainText(text: string | undefined): string | undefined {
  if (text?.includes('<')) throw new UnusualListing('a text has elements inside');
  return text === undefined ? undefined : withoutEscapes(text);
}

function isSpace(unit: number): boolean {
  return unit === 0x20 || unit === 0x0a || unit === 0x0d || unit === 0x09;
}
