import { S3Error } from './s3-error.ts';

/** One element of a request's XML: its local name, its own text and its children in order. */
export type XmlElement = {
  readonly name: string;
  readonly text: string;
  readonly children: readonly XmlElement[];
};

type Open = { name: string; text: string; children: XmlElement[] };

const TOKEN =
  /<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<!\[CDATA\[([\s\S]*?)\]\]>|<(\/?)([^\s<>/]+)([^<>]*?)(\/?)>|([^<]+)/y;
const REFERENCE = /&(?:#x([0-9a-fA-F]+)|#([0-9]+)|(amp|lt|gt|quot|apos));|&/g;
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/**
 * Reads the body of an S3 request. Whitespace inside an element is kept, for a key may consist of it.
 * Document types are refused: no S3 request has one, and entities are the classic way to hurt a parser.
 * @throws {S3Error} MalformedXML
 */
export function readXml(text: string): XmlElement {
  const roots: XmlElement[] = [];
  const stack: Open[] = [];
  const normalised = text.replace(/^\ufeff/, '').replace(/\r\n?/g, '\n');
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < normalised.length) {
    const token = TOKEN.exec(normalised);
    if (token === null) throw new S3Error('MalformedXML');
    const [, cdata, closing, name, , selfClosing, characters] = token;
    const top = stack.at(-1);
    if (cdata !== undefined || characters !== undefined) {
      if (top !== undefined) top.text += cdata ?? withoutReferences(characters ?? '');
      else if ((cdata ?? characters ?? '').trim() !== '') throw new S3Error('MalformedXML');
    } else if (name !== undefined) {
      const local = name.slice(name.indexOf(':') + 1);
      if (closing === '') stack.push({ name: local, text: '', children: [] });
      if (closing === '/' || selfClosing === '/') {
        const closed = stack.pop();
        if (closed === undefined || closed.name !== local) throw new S3Error('MalformedXML');
        (stack.at(-1)?.children ?? roots).push(closed);
      }
    }
  }
  const root = roots[0];
  if (stack.length > 0 || roots.length !== 1 || root === undefined) throw new S3Error('MalformedXML');
  return root;
}

function withoutReferences(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(REFERENCE, (whole, hex: string | undefined, decimal: string | undefined, named) => {
    if (typeof named === 'string') return ENTITIES[named] ?? whole;
    const code = hex !== undefined ? Number.parseInt(hex, 16) : Number(decimal);
    if (!Number.isInteger(code) || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) {
      throw new S3Error('MalformedXML');
    }
    return String.fromCodePoint(code);
  });
}

/** The text of the first child of that name, or undefined. */
export function childText(element: XmlElement, name: string): string | undefined {
  return element.children.find((child) => child.name === name)?.text;
}
