import { momentAt } from './listing-time.ts';

/** What a byte is in a text: part of it as it is, part of it in another way, part of a character beyond ASCII, or none. */
export const [asItIs, inJsonEscaped, inUrlEncoded, beyondAscii, noText] = [0, 1, 2, 3, 4] as const;
/** The kind of each byte. */
export const kinds = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte >= 0x80) return beyondAscii;
  if (byte < 0x20 || byte > 0x7e || byte === 0x26 || byte === 0x3c) return noText;
  if (byte === 0x22 || byte === 0x5c) return inJsonEscaped;
  return byte === 0x25 || byte === 0x2b ? inUrlEncoded : asItIs;
});

const dot = 0x2e;

/** The place of the first byte that does not stand for itself everywhere. */
export function behindPlain(bytes: Buffer, from: number): number {
  const all = kinds;
  let at = from;
  while (all[bytes[at] ?? 0] === 0) at += 1;
  return at;
}

/** Milliseconds of the day, from `T00:00:00.000Z` or `T00:00:00Z`; NaN for everything else. */
export function msOfDay(bytes: Buffer, at: number): number {
  const hour = digitsAt(bytes, at + 1, 2);
  const minute = digitsAt(bytes, at + 4, 2);
  const second = digitsAt(bytes, at + 7, 2);
  const hasMilliseconds = bytes[at + 9] === dot;
  const millisecond = hasMilliseconds ? digitsAt(bytes, at + 10, 3) : 0;
  const marks = bytes[at] === 0x54 && bytes[at + 3] === 0x3a && bytes[at + 6] === 0x3a;
  if (!marks || bytes[at + (hasMilliseconds ? 13 : 9)] !== 0x5a) return Number.NaN;
  const exists = hour <= 23 && minute <= 59 && second <= 59;
  return exists ? ((hour * 60 + minute) * 60 + second) * 1000 + millisecond : Number.NaN;
}

/** NaN where there is anything but digits. */
function digitsAt(bytes: Buffer, from: number, digits: number): number {
  let value = 0;
  for (let at = from; at < from + digits; at++) {
    const digit = (bytes[at] ?? 0) - 0x30;
    if (!(digit >= 0 && digit <= 9)) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

/** When a day such as `2024-01-01` begins; null for what is none, and before 1970. */
export function msOf(day: string): number | null {
  try {
    const text = `${day}T00:00:00Z`;
    const ms = momentAt(text, 0, text.length);
    return ms >= 0 ? ms : null;
  } catch {
    return null;
  }
}

/** Whether the byte stands in JSON as it is, although not in XML or in a URL. */
export const isMark = (byte: number): boolean =>
  byte === 0x26 || byte === 0x3c || byte === 0x25 || byte === 0x2b;

/** The byte that `%XX` stands for; NaN where it is none. */
export function decodedAt(bytes: Buffer, at: number): number {
  return 16 * hexadecimal(bytes[at + 1] ?? 0) + hexadecimal(bytes[at + 2] ?? 0);
}

function hexadecimal(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : Number.NaN;
}
