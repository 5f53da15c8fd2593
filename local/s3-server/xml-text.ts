const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';

/** Every answer of S3 that is a document names this namespace. */
export const S3_NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';

/** Markup, a carriage return (a parser would turn it into a newline) and what XML 1.0 has no place for. */
const NEEDS_ESCAPE = /[&<>"\r\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;
const ESCAPED = /[&<>"\r\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;
const NAMED: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/**
 * Text as it stands inside an element. Characters that XML 1.0 forbids become numeric references, as in
 * S3's own answers; strict parsers refuse those, which is why clients ask for `encoding-type=url`.
 */
export function escapeXml(text: string): string {
  if (!NEEDS_ESCAPE.test(text)) return text;
  return text.replace(ESCAPED, (one) => NAMED[one] ?? `&#x${one.charCodeAt(0).toString(16).toUpperCase()};`);
}

const NEEDS_NO_ENCODING = /^[A-Za-z0-9\-_.*/]*$/;

/**
 * A key as `encoding-type=url` shows it: form encoding, with `/` and `*` left as they are and `~` encoded.
 * The rule is S3's as MinIO's `s3URLEncode` records it; a space is `+`.
 */
export function encodeListedKey(key: string): string {
  if (NEEDS_NO_ENCODING.test(key)) return key;
  return encodeURIComponent(key)
    .replace(/%20/g, '+')
    .replace(/%2F/g, '/')
    .replace(/[!'()~]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** A whole document: declaration, one root element in S3's namespace, and its inner XML. */
export function xmlDocument(root: string, inner: string): string {
  return `${opening(root)}${inner}</${root}>`;
}

/** The same in pieces, of inner XML whose rest is bytes already. */
export function xmlPieces(root: string, inner: string, rest: Uint8Array): readonly Uint8Array[] {
  return [Buffer.from(opening(root) + inner), rest, Buffer.from(`</${root}>`)];
}

function opening(root: string): string {
  return `${DECLARATION}<${root} xmlns="${S3_NAMESPACE}">`;
}

/** A whole document around a ready root element (errors carry no namespace). */
export function bareDocument(element: string): string {
  return DECLARATION + element;
}
