import { sharedCharacters } from './key-positions.ts';

/** What is known of a range that is being listed. */
export type RangeSoFar = {
  /** The first and the last key listed so far, and the first of the last page. */
  first: string;
  cursor: string;
  pageFirst: string;
  pages: number;
  /** The last key known before the range, where there is one. */
  before: string | null;
  /** The end of the range; null = none. */
  upTo: string | null;
  /** Nothing is known to lie between here and `upTo`: a key beyond the range, or where a probe found nothing. */
  ceiling: string | null;
  /** Whether `ceiling` is a key that exists, so that keys may be expected all the way up to it. */
  ceilingIsKey: boolean;
  /** Probes in this range that found nothing since the last that found something. */
  emptyProbes: number;
};

/**
 * The places from `shared` on at which keys are known to vary, with the lowest code point of those that other keys have
 * there where the cursor has a higher one. Once a probe found nothing, only what was listed in the range itself counts: what
 * varies before it need not vary in it.
 */
export function departuresOf(
  { cursor, before, first, pageFirst, emptyProbes }: RangeSoFar,
  shared: number,
): ReadonlyMap<number, number> {
  const known = emptyProbes > 0 || before === null ? [first, pageFirst] : [before, first, pageFirst];
  const departures = new Map<number, number>();
  for (const key of known) {
    const at = sharedCharacters(key, cursor);
    const point = Array.from(key)[at]?.codePointAt(0) ?? 0;
    if (at >= shared) departures.set(at, Math.min(departures.get(at) ?? point, point));
  }
  return departures;
}
