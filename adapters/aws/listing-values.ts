/** The answer is written in a way that this parser does not know; a whole XML parser may. */
export class UnusualListing extends Error {
  override readonly name = 'UnusualListing';
}

const moment = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3})?Z$/;

/** A time as milliseconds since the epoch. Throws `UnusualListing`. */
export function momentOf(text: string): number {
  const ms = moment.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms)) throw new UnusualListing(`the time ${JSON.stringify(text)}`);
  return ms;
}

const digits = /^\d{1,15}$/;

/** A size in bytes. Throws `UnusualListing`. */
export function sizeOf(text: string): number {
  if (!digits.test(text)) throw new UnusualListing(`the size ${JSON.stringify(text)}`);
  return Number(text);
}

/** An ETag without its quotes; null where there is none. */
export function etagOf(text: string): string | null {
  const quoted = text.startsWith('&quot;') && text.endsWith('&quot;') && text.length > 12;
  const inner = quoted ? text.slice(6, -6) : withoutEscapes(text);
  if (quoted && inner.includes('&')) return etagOf(withoutEscapes(text));
  return inner === '' ? null : quoted ? inner : inner.replace(/^(W\/)?"|"$/g, '');
}

const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** Text without XML's escapes. [src: XML 1.0, character and entity references] */
export function withoutEscapes(text: string): string {
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
