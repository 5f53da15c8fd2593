import { Writable } from 'node:stream';

/**
 * A terminal that keeps every row it was ever given: it knows the few codes that live progress may use and
 * throws on any other. A row above the cursor can be reached as long as it is among the last `rows`.
 */
export class Screen extends Writable {
  readonly lines: string[] = [''];
  readonly rows: number;
  readonly writes: string[] = [];
  cursorShown = true;
  #row = 0;
  #column = 0;

  constructor(rows = 24) {
    super({ decodeStrings: false });
    this.rows = rows;
  }

  override _write(chunk: string, _encoding: BufferEncoding, done: () => void): void {
    this.writes.push(chunk);
    const codes = /\x1b\[(\?)?([\d;]*)([A-Za-z])|\r|\n|[^\x1b\r\n]+|\x1b/g;
    for (const [text, mode, argument = '', letter] of chunk.matchAll(codes)) {
      if (letter !== undefined) this.#obey(`${mode ?? ''}${letter}`, argument);
      else if (text === '\r') this.#column = 0;
      else if (text === '\n') this.#feed();
      else this.#print(text);
    }
    done();
  }

  #feed(): void {
    // A terminal's driver sends a carriage return with every line feed (ONLCR).
    this.#column = 0;
    this.#row += 1;
    if (this.lines.length <= this.#row) this.lines.push('');
  }

  #print(text: string): void {
    const line = (this.lines[this.#row] ?? '').padEnd(this.#column);
    this.lines[this.#row] = line.slice(0, this.#column) + text + line.slice(this.#column + text.length);
    this.#column += text.length;
  }

  #obey(code: string, argument: string): void {
    if (code === 'A') {
      this.#row -= Number(argument);
      if (this.#row < Math.max(0, this.lines.length - this.rows)) throw new Error('moved above the screen');
    } else if (code === 'K') {
      this.lines[this.#row] = (this.lines[this.#row] ?? '').slice(0, this.#column);
    } else if (code === 'J') {
      this.lines[this.#row] = (this.lines[this.#row] ?? '').slice(0, this.#column);
      for (let row = this.#row + 1; row < this.lines.length; row += 1) this.lines[row] = '';
    } else if (code === '?h' && argument === '25') this.cursorShown = true;
    else if (code === '?l' && argument === '25') this.cursorShown = false;
    else if (!(code.startsWith('?') && argument === '2026') && code !== 'm') {
      throw new Error(`unknown code ${code} ${argument}`);
    }
  }

  /** What stands on the screen and in the scroll-back, without the empty rows at the end. */
  seen(): string[] {
    const last = this.lines.findLastIndex((line) => line !== '');
    return this.lines.slice(0, last + 1);
  }
}
