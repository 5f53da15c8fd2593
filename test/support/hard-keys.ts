import fc from 'fast-check';

/** Characters in which orders and encodings differ: controls, the ends of the planes, what SQS refuses. */
const hardCharacters = [
  ...['\u0000', '\u0001', '\t', '\n', '\r', ' ', '!', '"', '%', '+', '-', '.', '/', '\\', 'a', 'b', '~'],
  ...['\u007f', '\u0080', 'é', 'e\u0301', '\u07ff', '\u0800', '\u2028', '\ud7ff', '\ue000', '\ufeff'],
  ...['\ufffd', '\ufffe', '\uffff', '\u{10000}', '\u{1f600}', '\u{1fffe}', '\u{10ffff}'],
] as const;

/** Any key that S3 may hold: well-formed text of up to `mostCharacters` characters, often with hard ones. */
export function anyKey(mostCharacters = 12): fc.Arbitrary<string> {
  const character = fc.oneof(
    fc.constantFrom(...hardCharacters),
    fc.nat(0x10f7ff).map((point) => String.fromCodePoint(point < 0xd800 ? point : point + 0x800)),
  );
  return fc.string({ unit: character, minLength: 1, maxLength: mostCharacters });
}

/** Keys over few characters, so that prefixes, neighbours and equal keys are common. */
export function closeKey(mostCharacters = 4): fc.Arbitrary<string> {
  const character = fc.constantFrom('a', 'b', '/', '\ufffd', '\u{10000}');
  return fc.string({ unit: character, minLength: 1, maxLength: mostCharacters });
}

/** Different keys in UTF-8 byte order, as Node's own bytes compare. */
export function keysInOrder(keys: Iterable<string>): string[] {
  return [...new Set(keys)].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

/** Random cases that are the same in every run. */
export const sameEveryRun = { seed: 20_261_123 } as const;
