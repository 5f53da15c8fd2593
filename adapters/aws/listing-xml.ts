import { isAscii } from 'node:buffer';

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
  /** NextContinuationToken of version 2. */
  token: string | undefined;
  /** NextMarker of version 1, still encoded. */
  nextMarker: string | undefined;
};

/** The answer is written in a way that this parser does not know; a whole XML parser may. */
export class UnusualListing extends Error {
  override readonly name = 'UnusualListing';
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encodingMark = '<EncodingType>url</EncodingType>';
const root = /^(?:<\?xml [^?]*\?>)?\s*<ListBucketResult(?: xmlns="[^"]*")?>/;
const end = /^<\/ListBucketResult>\s*$/;

/**
 * Parses the answer to ListObjects or ListObjectsV2 at the speed at which it comes: in one pass, without a tree.
 * It takes plain elements, in any order, with any white space in between; everything that a store's listing has no
 * reason to contain (attributes, comments, CDATA, text between elements, a key twice) makes it throw
 * `UnusualListing` instead of guessing.
 */
export function parseListing(body: Buffer): ListedPage {
  const encoded = body.includes(encodingMark);
  // Latin-1 is the quickest way to read ASCII. Tokens may be keys that are not encoded, as SeaweedFS gives them.
  const text = isAscii(body) ? body.toString('latin1') : decodeStrictly(body);
  const opening = root.exec(text.slice(0, 400));
  if (opening === null) throw new UnusualListing('it does not begin as a listing');
  const reader = new ListingReader(text, opening[0].length);
  return reader.page(encoded);
}

function decodeStrictly(body: Buffer): string {
  try {
    return strictUtf8.decode(body);
  } catch {
    throw new UnusualListing('it is not UTF-8');
  }
}

class ListingReader {
  readonly #text: string;
  #at: number;
  #lastDate = '';
  #lastMs = 0;
  #lastClass: string | null = null;

  constructor(text: string, at: number) {
    this.#text = text;
    this.#at = at;
  }

  page(encoded: boolean): ListedPage {
    const entries: ListedEntry[] = [];
    const told = new Map<string, string>();
    for (;;) {
      if (this.#takes('<Contents>')) {
        entries.push(this.#entry());
        continue;
      }
      this.#skipSpace();
      if (this.#text.startsWith('</', this.#at)) break;
      if (this.#text.startsWith('<Contents>', this.#at)) continue;
      const { name, value } = this.#element();
      if (name !== 'CommonPrefixes' && told.has(name)) throw new UnusualListing(`it tells ${name} twice`);
      told.set(name, value);
    }
    if (!end.test(this.#text.slice(this.#at, this.#at + 100)))
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
    let etag: string | null = null;
    let storageClass: string | null = null;
    for (;;) {
      if (this.#takes('<Key>')) {
        if (key !== undefined) throw new UnusualListing('an object has two keys');
        key = withoutEscapes(this.#rest('</Key>'));
      } else if (this.#takes('<LastModified>')) modifiedAtMs = this.#moment(this.#rest('</LastModified>'));
      else if (this.#takes('<ETag>')) etag = etagOf(this.#rest('</ETag>'));
      else if (this.#takes('<Size>')) sizeBytes = sizeOf(this.#rest('</Size>'));
      else if (this.#takes('<StorageClass>'))
        storageClass = this.#storageClass(this.#rest('</StorageClass>'));
      else if (this.#takes('</Contents>')) break;
      else if (!this.#skipSpace()) this.#element();
    }
    if (key === undefined || sizeBytes === undefined || modifiedAtMs === undefined)
      throw new UnusualListing('an object has no key, size or time');
    return { key, sizeBytes, etag, modifiedAtMs, storageClass };
  }

  #takes(tag: string): boolean {
    if (!this.#text.startsWith(tag, this.#at)) return false;
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
    if (value.includes('<!') || value.includes(`<${name}>`)) throw new UnusualListing(`${name} is nested`);
    return { name, value };
  }

  #skipSpace(): boolean {
    const from = this.#at;
    while (isSpace(this.#text.charCodeAt(this.#at))) this.#at += 1;
    return this.#at > from;
  }

  #storageClass(text: string): string {
    if (text !== this.#lastClass) this.#lastClass = withoutEscapes(text);
    return this.#lastClass;
  }

  /** Neighbours are often as old as each other. */
  #moment(text: string): number {
    if (text !== this.#lastDate) {
      this.#lastMs = momentOf(text);
      this.#lastDate = text;
    }
    return this.#lastMs;
  }
}

const moment = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3})?Z$/;

function momentOf(text: string): number {
  const ms = moment.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms)) throw new UnusualListing(`the time ${JSON.stringify(text)}`);
  return ms;
}

const digits = /^\d{1,15}$/;

function sizeOf(text: string): number {
  if (!digits.test(text)) throw new UnusualListing(`the size ${JSON.stringify(text)}`);
  return Number(text);
}

function etagOf(text: string): string | null {
  const quoted = text.startsWith('&quot;') && text.endsWith('&quot;') && text.length > 12;
  const inner = quoted ? text.slice(6, -6) : withoutEscapes(text);
  if (quoted && inner.includes('&')) return etagOf(withoutEscapes(text));
  return inner === '' ? null : quoted ? inner : inner.replace(/^(W\/)?"|"$/g, '');
}

function plainText(text: string | undefined): string | undefined {
  if (text?.includes('<')) throw new UnusualListing('a text has elements inside');
  return text === undefined ? undefined : withoutEscapes(text);
}

const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** Text without XML's escapes. [src: XML 1.0, character and entity references] */
function withoutEscapes(text: string): string {
  if (!text.includes('&')) {
    // A bare carriage return would have to be read as a line feed.
    if (text.includes('\r')) throw new UnusualListing('a bare carriage return');
    return text;
  }
  if (text.includes('\r')) throw new UnusualListing('a bare carriage return');
  return text.replace(/&([^;]*);?/g, (whole, name: string) => {
    const known = named[name];
    if (known !== undefined && whole.endsWith(';')) return known;
    const code = /^#(?:(\d{1,7})|x([0-9a-fA-F]{1,6}))$/.exec(name);
    const point =
      code === null ? Number.NaN : Number.parseInt(code[1] ?? code[2] ?? '', code[1] === undefined ? 16 : 10);
    if (!whole.endsWith(';') || !(point > 0 && point <= 0x10ffff) || (point >= 0xd800 && point <= 0xdfff))
      throw new UnusualListing(`the reference ${JSON.stringify(whole)}`);
    return String.fromCodePoint(point);
  });
}

function isSpace(unit: number): boolean {
  return unit === 0x20 || unit === 0x0a || unit === 0x0d || unit === 0x09;
}
