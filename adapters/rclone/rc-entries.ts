const quote = 0x22;
const backslash = 0x5c;
const braceOpen = 0x7b;
const braceClose = 0x7d;
const bracketOpen = 0x5b;
const bracketClose = 0x5d;

/** Depth of an entry in `{"list":[{…},…]}`. */
const entryDepth = 3;

/**
 * Cuts the answer of `operations/list` into its entries while it arrives, so that a folder of a million files is
 * never one text. Gives each entry as parsed JSON. Throws what JSON.parse throws. Memory: one entry and one chunk.
 */
export class EntryCutter {
  #depth = 0;
  #inText = false;
  #escaped = false;
  #begun: Buffer[] = [];

  /** Takes the next bytes and gives the entries that end in them. */
  *push(chunk: Buffer): Generator<unknown> {
    let from = this.#begun.length > 0 ? 0 : -1;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at];
      if (this.#inText) {
        if (this.#escaped) this.#escaped = false;
        else if (byte === backslash) this.#escaped = true;
        else if (byte === quote) this.#inText = false;
      } else if (byte === quote) this.#inText = true;
      else if (byte === braceOpen || byte === bracketOpen) {
        this.#depth += 1;
        if (this.#depth === entryDepth) from = at;
      } else if (byte === braceClose || byte === bracketClose) {
        if (this.#depth === entryDepth) {
          const entry = Buffer.concat([...this.#begun, chunk.subarray(Math.max(from, 0), at + 1)]);
          this.#begun = [];
          from = -1;
          yield JSON.parse(entry.toString());
        }
        this.#depth -= 1;
      }
    }
    if (from >= 0) this.#begun.push(chunk.subarray(from));
  }

  /** Whether the answer came to its end: every brace that was opened was closed. */
  get complete(): boolean {
    return this.#depth === 0 && !this.#inText;
  }
}
