/** A stretch of text: as it is, or standing for characters that a reader could not see. */
export type VisiblePart = { text: string; escaped: boolean };

/**
 * Controls, format and bidi characters, lone surrogates, unassigned and private code points, line and paragraph
 * separators, fillers and variation selectors, and every space but the plain one.
 * [src: Unicode, UAX #44 general categories C, Zl, Zp, Zs and Default_Ignorable_Code_Point]
 */
const unseen = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|(?! )\p{Zs}/u;

const short: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\\': '\\\\' };

/** The escape that JSON has for a character, so that a reader finds the same text in the exceptions file. */
function escapeOf(character: string): string {
  const known = short[character];
  if (known !== undefined) return known;
  let text = '';
  for (let unit = 0; unit < character.length; unit += 1) {
    text += `\\u${character.charCodeAt(unit).toString(16).padStart(4, '0')}`;
  }
  return text;
}

/** A combining mark that melts into the letter before it: `e` + U+0301 looks like `é` and is another key. */
function melts(before: string, character: string): boolean {
  if (!/^\p{M}$/u.test(character)) return false;
  return before === '' || (before + character).normalize('NFC') !== before + character;
}

/**
 * A key cut into stretches so that two different keys never look the same: whatever a reader cannot see or
 * would misread is escaped, a backslash and spaces at either end included.
 */
export function visibleKey(key: string): VisiblePart[] {
  const characters = [...key];
  const first = characters.findIndex((character) => character !== ' ');
  const last = characters.findLastIndex((character) => character !== ' ');
  const parts: VisiblePart[] = [];
  characters.forEach((character, at) => {
    const edge = character === ' ' && (first === -1 || at < first || at > last);
    const before = characters[at - 1] ?? '';
    const escaped = edge || character === '\\' || unseen.test(character) || melts(before, character);
    const text = escaped ? escapeOf(character) : character;
    const previous = parts.at(-1);
    if (previous?.escaped === escaped) previous.text += text;
    else parts.push({ text, escaped });
  });
  return parts;
}

/** A key as one line of plain text, as unambiguous as `visibleKey`. */
export function keyText(key: string): string {
  return visibleKey(key)
    .map((part) => part.text)
    .join('');
}

/** A message from outside as one line of harmless text: only what cannot be seen is escaped. */
export function visibleText(text: string): string {
  let visible = '';
  for (const character of text) visible += unseen.test(character) ? escapeOf(character) : character;
  return visible;
}
