/** The answer is written in a way that this parser does not know; a whole XML parser may. */
export class UnusualListing extends Error {
  override readonly name = 'UnusualListing';
}

/** An ETag without its quotes; null where there is none. */
export function etagOf(text: string): string | null {
  // As Amazon writes it.
  if (
    text.length > 12 &&
    text.startsWith('&quot;') &&
    text.indexOf('&', 6) === text.length - 6 &&
    text.endsWith('&quot;')
  )
    return text.slice(6, -6);
  const inner = withoutEscapes(text);
  return inner === '' ? null : inner.replace(/^(W\/)?"|"$/g, '');
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
