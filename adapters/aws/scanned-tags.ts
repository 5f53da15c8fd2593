/** A piece of XML that is the same in every answer, in words of four bytes, the last one ending where it ends. */
export type Tag = { length: number; words: Int32Array };

/** A tag of four characters at least, in ASCII. */
export function tagOf(text: string): Tag {
  const bytes = Buffer.from(text);
  const words = Int32Array.from({ length: Math.ceil(bytes.length / 4) }, (_, index) =>
    bytes.readInt32LE(Math.min(4 * index, bytes.length - 4)),
  );
  return { length: bytes.length, words };
}

/** Whether the tag stands here. Throws `RangeError` where what stands here ends before the tag does. */
export function stands(view: DataView, at: number, { words, length }: Tag): boolean {
  const last = words.length - 1;
  for (let index = 0; index < last; index++)
    if (view.getInt32(at + 4 * index, true) !== words[index]) return false;
  return view.getInt32(at + length - 4, true) === words[last];
}
