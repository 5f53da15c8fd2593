import { type Alphabets, highestPoint, isCharacter } from './alphabets.ts';
import { blindCuts, isOpening, isSettled } from './blind-cuts.ts';
import { compareKeys } from './key-order.ts';
import { type KeyPositions, openPositions, sharedCharacters } from './key-positions.ts';
import { departuresOf, type RangeSoFar } from './range-so-far.ts';

/** Pages that are left of a range of which nothing is known. */
export const unknownPages = Number.MAX_SAFE_INTEGER;

/**
 * Where to cut a range, and how many pages are likely to be left of it. `spread` gives the cuts that make so many parts of it, all
 * likely to hold as much, as far as is known; only one cut where too little is known for more.
 */
export type Cut = { cut: string; pagesLeft: number; spread(parts: number): string[] };

/** The longest key of S3, in bytes. [src: S3 user guide, object keys] */
const longestKeyBytes = 1024;
/** Characters tried behind the shared start, and taken behind the first that tells the cut from both ends. */
const mostCharacters = 32;
const finerCharacters = 2;
/** From so many keys on, a range is divided into several parts by what was seen of alphabets. */
const enoughForParts = 6;

/**
 * Where to cut what is left of a range, and how many pages are likely to be left; null = there is no place for a cut.
 * The cut is such that both parts are likely to hold keys. Whatever it is, (cursor, cut] and (cut, upTo] are disjoint,
 * ordered and cover (cursor, upTo], and it is valid UTF-8: a wrong guess costs a request, never a key.
 *
 * It takes the middle, reading keys as numbers in the alphabets seen so far. While little has been seen, the middle
 * would mostly be empty space (all keys begin with `logs/2024/`, say): then it first looks for where keys vary; see `blindCuts`.
 */
export function splitRange(soFar: RangeSoFar, alphabets: Alphabets): Cut | null {
  const { cursor, upTo } = soFar;
  const { end, reached } = endOf(soFar);
  const shared = end === null ? 0 : sharedCharacters(cursor, end);
  const positions = openPositions(Array.from(cursor).slice(0, shared).join(''), alphabets);
  const pagesLeft = estimate(soFar, end, shared, positions);
  const middle = between(cursor, end, positions);
  const varies = reached ? shared : variesAt(soFar, shared);
  // What the alphabets tell is tried by turns with looking elsewhere, so that a range that one of them misleads is cut by the other.
  const lost = soFar.emptyProbes % 2 === 1;
  const blind =
    lost || isOpening(alphabets) || middle === null ? blindCuts(soFar, shared, varies, alphabets) : [];
  const unknown = blind.length > 0;
  const leap = unknown ? null : leapAhead(soFar, end, reached, shared, alphabets);
  const cut = unknown ? (blind[blind.length >> 1] ?? null) : (leap?.cut ?? middle);
  const fits = (key: string | null): key is string =>
    key !== null &&
    compareKeys(key, cursor) > 0 &&
    (end === null || compareKeys(key, end) < 0) &&
    (upTo === null || compareKeys(key, upTo) < 0) &&
    Buffer.byteLength(key) <= longestKeyBytes;
  if (!fits(cut)) return null;
  const few = alphabets.learnt() < enoughForParts;
  return {
    cut,
    pagesLeft: unknown ? unknownPages : (leap?.pagesLeft ?? pagesLeft),
    spread(parts) {
      if (leap !== null || (few && !unknown)) return [cut];
      const cuts = unknown
        ? blind.slice(1 - parts)
        : Array.from({ length: parts - 1 }, (_, n) => between(cursor, end, positions, (n + 1) / parts));
      const ascending = cuts
        .filter(fits)
        .filter((key, n, all) => n === 0 || compareKeys(key, all[n - 1] ?? '') > 0);
      return ascending.length > 0 ? ascending : [cut];
    },
  };
}

/**
 * Where no character was seen between the cursor's and the end's, alphabets tell nothing: the cut then goes to the middle
 * of the gap, or, where keys are not known to reach the end, leaps twice as far as the range has come. Null where it
 * stands at the last of all digits.
 */
function leapAhead(
  soFar: RangeSoFar,
  end: string | null,
  reached: boolean,
  shared: number,
  alphabets: Alphabets,
): Pick<Cut, 'cut' | 'pagesLeft'> | null {
  const pointAt = (key: string) => Array.from(key)[shared]?.codePointAt(0);
  const here = pointAt(soFar.cursor);
  const stop = (end === null ? undefined : pointAt(end)) ?? highestPoint;
  if (here === undefined || stop - here < 2) return null;
  if (isSettled(soFar, shared, alphabets)) return null;
  const { points, whole } = alphabets.at(shared);
  if (points.some((point) => point > here && point < stop)) return null;
  if (whole && points.at(-1) === here && !isOpening(alphabets)) return null;
  const known = [soFar.before, soFar.first, soFar.pageFirst]
    .filter((key) => key !== null && sharedCharacters(key, soFar.cursor) >= shared)
    .flatMap((key) => pointAt(key ?? '') ?? []);
  const come = here - Math.min(here, ...known);
  const far = here + Math.max(1, 2 * come);
  const point = reached || far >= stop ? Math.floor((here + stop) / 2) : far;
  if (!isCharacter(point)) return null;
  const start = Array.from(soFar.cursor).slice(0, shared).join('');
  return {
    cut: start + String.fromCodePoint(point),
    pagesLeft: reached ? ((stop - here) * soFar.pages) / (come + 1) : unknownPages,
  };
}

/**
 * Up to where keys may lie, and whether they can be expected to reach it: they can where a key is known there that
 * departs from the cursor at the same character as the end of the range does.
 */
function endOf({ cursor, upTo, ceiling, ceilingIsKey }: RangeSoFar): {
  end: string | null;
  reached: boolean;
} {
  if (ceiling === null) return { end: upTo, reached: false };
  if (upTo === null || compareKeys(ceiling, upTo) <= 0) return { end: ceiling, reached: ceilingIsKey };
  const sameCharacter = sharedCharacters(cursor, upTo) === sharedCharacters(cursor, ceiling);
  return { end: upTo, reached: ceilingIsKey && sameCharacter };
}

/** The first character from `shared` on at which keys are known to vary; `shared` where nothing is known. */
function variesAt(soFar: RangeSoFar, shared: number): number {
  const departures = [...departuresOf(soFar, shared).keys()];
  return departures.length === 0 ? shared : Math.min(...departures);
}

/** The key that divides what is left in this share and the rest. */
function between(cursor: string, end: string | null, positions: KeyPositions, share = 1 / 2): string | null {
  const low = positions.of(cursor);
  const high = end === null ? 1 : positions.of(end);
  const middle = low + (high - low) * share;
  const fits = (key: string) => compareKeys(key, cursor) > 0 && (end === null || compareKeys(key, end) < 0);
  for (let length = 1; length <= mostCharacters; length++) {
    const cut = positions.keyAt(middle, length);
    if (!fits(cut)) continue;
    const finer = positions.keyAt(middle, length + finerCharacters);
    return fits(finer) ? finer : cut;
  }
  return null;
}

/**
 * Pages left, if keys lie as densely as in what was listed: the mean, geometric, of the whole range's density and the
 * last page's, since the one is steady and the other is near.
 */
function estimate(soFar: RangeSoFar, end: string | null, shared: number, positions: KeyPositions): number {
  const { cursor, first, pageFirst, pages } = soFar;
  const here = positions.of(cursor);
  const left = (end === null ? 1 : positions.of(end)) - here;
  const startOf = (key: string) => (sharedCharacters(key, cursor) >= shared ? positions.of(key) : 0);
  const whole = here - startOf(first);
  const last = here - startOf(pageFirst);
  if (left <= 0) return 0;
  if (whole <= 0 || last <= 0) return unknownPages;
  return left * Math.sqrt((pages / whole) * (1 / last));
}
