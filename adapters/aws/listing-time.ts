import { UnusualListing } from './listing-values.ts';

const zero = 0x30;
const nine = 0x39;
const withMilliseconds = '2024-01-01T00:00:00.000Z'.length;
const withoutMilliseconds = '2024-01-01T00:00:00Z'.length;
const daysBefore = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
const epochDays = 719_162;

/** Length of the time that begins here, by where it has its dot. */
export function momentLength(text: string, at: number): number {
  return text[at + 19] === '.' ? withMilliseconds : withoutMilliseconds;
}

/**
 * A time such as `2024-01-01T00:00:00.000Z` as milliseconds since the epoch, read where it stands: it is done for each
 * listed key, and `Date.parse` of a piece cut out costs several times as much. Throws `UnusualListing` for every other
 * form, and for days and hours that do not exist.
 */
export function momentAt(text: string, at: number, length: number): number {
  const marks =
    text[at + 4] === '-' &&
    text[at + 7] === '-' &&
    text[at + 10] === 'T' &&
    text[at + 13] === ':' &&
    text[at + 16] === ':';
  const year = number(text, at, 4);
  const month = number(text, at + 5, 2);
  const day = number(text, at + 8, 2);
  const hour = number(text, at + 11, 2);
  const minute = number(text, at + 14, 2);
  const second = number(text, at + 17, 2);
  const millisecond = length === withMilliseconds ? number(text, at + 20, 3) : 0;
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const before = daysBefore[month - 1];
  const exists =
    before !== undefined &&
    day >= 1 &&
    day <= daysOf(month, leap) &&
    hour <= 23 &&
    minute <= 59 &&
    second <= 59;
  if (!marks || !exists || text[at + length - 1] !== 'Z') throw new UnusualListing('a time of another form');
  const years = year - 1;
  const days =
    years * 365 + Math.floor(years / 4) - Math.floor(years / 100) + Math.floor(years / 400) - epochDays;
  const ofYear = before + (month > 2 && leap ? 1 : 0) + day - 1;
  return (((days + ofYear) * 24 + hour) * 60 + minute) * 60_000 + second * 1000 + millisecond;
}

function daysOf(month: number, leap: boolean): number {
  if (month === 2) return leap ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Throws where there is anything but digits. */
function number(text: string, at: number, digits: number): number {
  let value = 0;
  for (let index = at; index < at + digits; index++) {
    const unit = text.charCodeAt(index);
    if (!(unit >= zero && unit <= nine)) throw new UnusualListing('a time of another form');
    value = value * 10 + unit - zero;
  }
  return value;
}
