/** Text in ASCII that is written again and again, as words of four bytes, the last one filled up with zeros. */
export type Fragment = { length: number; words: Int32Array };

/** A fragment of text that is ASCII. */
export function fragmentOf(text: string): Fragment {
  const words = new Int32Array(Math.ceil(text.length / 4));
  for (let at = 0; at < text.length; at++)
    words[at >> 2] = (words[at >> 2] ?? 0) | (text.charCodeAt(at) << (8 * (at & 3)));
  return { length: text.length, words };
}

/** Writing in words goes so many bytes beyond what is written, at most. */
export const overrunBytes = 3;

// Each of these gives the place behind what it wrote. They are called for every listed key: words cost a quarter of bytes,
// and calls that copy (`set`, `copy`) more than the bytes that these copy.

/** Writes a fragment. */
export function putFragment(into: DataView, at: number, { words, length }: Fragment): number {
  for (let index = 0; index < words.length; index++) into.setInt32(at + 4 * index, words[index] ?? 0, true);
  return at + length;
}

/** Copies bytes from one place to another. */
export function putBytes(into: DataView, at: number, source: DataView, from: number, to: number): number {
  const beyond = to - from + at;
  let [here, there] = [from, at];
  for (; here + 4 <= to; here += 4, there += 4) into.setInt32(there, source.getInt32(here, true), true);
  for (; here < to; here++, there++) into.setInt8(there, source.getInt8(here));
  return beyond;
}

/** Bytes that `putEscaped` makes of a byte of UTF-8, at most: it writes six for a character of two. */
export const escapedBytes = 3;
const escapeBegin = 0x75_5c;
/** Two hexadecimal digits of each byte, the first one first. */
const hexDigits = Int16Array.from({ length: 256 }, (_, byte) =>
  Buffer.from(byte.toString(16).padStart(2, '0')).readInt16LE(),
);

/** Writes valid UTF-8 as `asciiOnly` has it: each UTF-16 unit beyond ASCII as `\uXXXX`. */
export function putEscaped(into: DataView, at: number, source: DataView, from: number, to: number): number {
  let there = at;
  for (let here = from; here < to; ) {
    const lead = source.getUint8(here);
    if (lead < 0x80) {
      into.setUint8(there, lead);
      here += 1;
      there += 1;
      continue;
    }
    const length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    let character = lead & (0x7f >> length);
    for (const end = here++ + length; here < end; here++)
      character = (character << 6) | (source.getUint8(here) & 0x3f);
    if (character < 0x1_00_00) {
      there = putUnit(into, there, character);
      continue;
    }
    there = putUnit(into, there, 0xd8_00 + ((character - 0x1_00_00) >> 10));
    there = putUnit(into, there, 0xdc_00 + (character & 0x3_ff));
  }
  return there;
}

function putUnit(into: DataView, at: number, unit: number): number {
  into.setInt16(at, escapeBegin, true);
  into.setInt16(at + 2, hexDigits[unit >> 8] ?? 0, true);
  into.setInt16(at + 4, hexDigits[unit & 0xff] ?? 0, true);
  return at + 6;
}

/** Of numbers below this, digits are taken as V8 does it quickest: as those of small integers. */
const small = 1e9;

/** Writes a whole number that is not negative, as JSON has it. */
export function putNumber(into: DataView, at: number, value: number): number {
  if (value < small) return putDigits(into, at, value, digitsOf(value));
  const high = Math.floor(value / small);
  const behind = high < small ? putDigits(into, at, high, digitsOf(high)) : putNumber(into, at, high);
  return putDigits(into, behind, value - high * small, 9);
}

function putDigits(into: DataView, at: number, value: number, digits: number): number {
  let rest = value | 0;
  for (let place = at + digits - 1; place >= at; place--) {
    const tenth = (rest / 10) | 0;
    into.setInt8(place, 0x30 + rest - tenth * 10);
    rest = tenth;
  }
  return at + digits;
}

function digitsOf(value: number): number {
  let digits = 1;
  for (let limit = 10; value >= limit; limit *= 10) digits += 1;
  return digits;
}

/** Compares two stretches of bytes as `compareKeys` compares the keys that they are. */
export function orderOfBytes(
  a: DataView,
  aFrom: number,
  aTo: number,
  b: DataView,
  bFrom: number,
  bTo: number,
): number {
  const shared = Math.min(aTo - aFrom, bTo - bFrom);
  let at = 0;
  while (at + 4 <= shared && a.getInt32(aFrom + at) === b.getInt32(bFrom + at)) at += 4;
  for (; at < shared; at++) {
    const difference = a.getUint8(aFrom + at) - b.getUint8(bFrom + at);
    if (difference !== 0) return difference;
  }
  return aTo - aFrom - (bTo - bFrom);
}
