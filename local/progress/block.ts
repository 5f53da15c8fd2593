import { stripVTControlCharacters } from 'node:util';
import { cellsOf } from './cells.ts';

const hideCursor = '\x1b[?25l';
/** Makes the cursor visible again. */
export const showCursor = '\x1b[?25h';
const eraseLine = '\x1b[K';
const eraseBelow = '\x1b[J';
/** A terminal that knows synchronised updates draws the frame at once; others ignore it. [src: DEC mode 2026] */
const beginUpdate = '\x1b[?2026h';
const endUpdate = '\x1b[?2026l';

/** Rows that lines take on a terminal of this width: those painted on a wider one have wrapped since. */
function rowsOf(lines: readonly string[], columns: number): number {
  return lines.reduce((rows, line) => {
    return rows + Math.max(1, Math.ceil(cellsOf(stripVTControlCharacters(line)) / Math.max(1, columns)));
  }, 0);
}

const lineEnd = `${eraseLine}\r\n`;

/**
 * The one string that replaces a painted block with `lines`, `said` lines above it staying in the scroll-back.
 * The cursor ends at the start of the row below the block, where the next one starts from. Every line is erased
 * only behind its own text, so nothing blinks; after a resize all of it is erased first, because rows that were
 * wrapped stay joined for the terminal until they are empty.
 */
export function repaint(
  painted: readonly string[],
  lines: readonly string[],
  said: readonly string[],
  columns: number,
  resized: boolean,
): string {
  const up = rowsOf(painted, columns);
  const home = up > 0 ? `\r\x1b[${up}A` : '\r';
  const text = [...said, ...lines].map((line) => line + lineEnd).join('');
  return `${beginUpdate}${hideCursor}${home}${resized ? eraseBelow : ''}${text}${eraseBelow}${endUpdate}`;
}

/** The lines that fit on a screen of `rows` rows with the cursor below them; a block that scrolls cannot be repainted. */
export function fitRows(lines: readonly string[], rows: number): readonly string[] {
  return lines.length < rows ? lines : lines.slice(0, Math.max(0, rows - 1));
}
