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
