/**
 * Characters that a terminal draws two cells wide.
 * [src: Unicode, EastAsianWidth.txt, W and F, block by block; Emoji_Presentation of UTS #51]
 */
const wide =
  /[\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\u4dbf\u4e00-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{16fe0}-\u{18aff}\u{1b000}-\u{1b2ff}\u{1f200}-\u{1f2ff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;

const mark = /[\p{Mn}\p{Me}]/u;

/** Cells that one code point takes in a terminal: 0, 1 or 2. Control characters have to be escaped before. */
function cellsOfCharacter(character: string): number {
  if (character < '\u0300') return 1;
  if (mark.test(character)) return 0;
  return wide.test(character) ? 2 : 1;
}

/** Cells that a text takes in a terminal; the text holds no control character. */
export function cellsOf(text: string): number {
  let cells = 0;
  for (const character of text) cells += cellsOfCharacter(character);
  return cells;
}

/** The text cut to at most `most` cells, with "…" in the last cell when something was cut off. */
export function cutToCells(text: string, most: number): string {
  if (cellsOf(text) <= most) return text;
  if (most <= 0) return '';
  let cut = '';
  let cells = 0;
  for (const character of text) {
    cells += cellsOfCharacter(character);
    if (cells > most - 1) break;
    cut += character;
  }
  return `${cut}…`;
}
