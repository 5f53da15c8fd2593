import { cellsOf, cutToCells } from './cells.ts';

/** How a stretch of a line looks. The words say the same without it. */
export type Look = 'plain' | 'bold' | 'dim' | 'good' | 'busy' | 'warn' | 'bad';

/** A stretch of a line. The text holds no control character. */
export type Stretch = { text: string; look: Look };

/** SGR codes; the colours are the terminal's own, so they fit its light or dark scheme. [src: ECMA-48, SGR] */
const codes: Readonly<Record<Look, string>> = {
  plain: '',
  bold: '1',
  dim: '2',
  good: '32',
  busy: '36',
  warn: '33',
  bad: '1;31',
};

/** A stretch of text in a look. */
export const stretch = (text: string, look: Look = 'plain'): Stretch => ({ text, look });

/** Text in a look, or as it is when there is no colour. */
export function painted(text: string, look: Look, colour: boolean): string {
  return colour && codes[look] !== '' && text !== '' ? `\x1b[${codes[look]}m${text}\x1b[0m` : text;
}

/** A line of stretches, cut to at most `columns` cells before it is painted, so that no code is cut. */
export function paintLine(stretches: readonly Stretch[], columns: number, colour: boolean): string {
  let line = '';
  let left = columns;
  for (const { text, look } of stretches) {
    const cut = cutToCells(text, left);
    line += painted(cut, look, colour);
    left -= cellsOf(cut);
    if (cut !== text) break;
  }
  return line;
}
