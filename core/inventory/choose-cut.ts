import type { Alphabets } from '../keyspace/alphabets.ts';
import { cutOf, type LiveRange } from './live-range.ts';

/** A range is worth cutting when so many pages are left of it: each cut costs half a page, and a shard. */
const worthwhilePages = 6;
/** The same while most slots are idle. */
const earlyPages = 3;
/** Estimates beyond that say only that nothing is known. */
const unknownPages = 100_000;
/** A range is cut in so many parts at once at most: what one page told of it is not trusted further. */
const mostParts = 4;

/** Says which of the open ranges is to be cut where; null = none. `slots` ranges may be open at the same time. */
export type ChooseCut = (
  ranges: readonly LiveRange[],
  alphabets: Alphabets,
  slots: number,
) => { range: LiveRange; cuts: string[] } | null;

/**
 * The range with the most left, and where to cut it; null = none is worth it. `slots` ranges may be open at the same
 * time. While few are, smaller rests are worth a cut, and large ones several; later only those that are above an even
 * share of what is left.
 */
export const chooseCut: ChooseCut = (ranges, alphabets, slots) => {
  const candidates = ranges.flatMap((range) => {
    const found = cutOf(range, alphabets);
    return found === null ? [] : [{ range, ...found }];
  });
  const left = candidates.reduce((sum, { pagesLeft }) => sum + Math.min(pagesLeft, unknownPages), 0);
  const mostlyIdle = ranges.length < slots / 2;
  const enough = mostlyIdle ? earlyPages : Math.max(worthwhilePages, left / slots);
  const largest = candidates.reduce<(typeof candidates)[number] | null>(
    (best, each) => (best === null || each.pagesLeft > best.pagesLeft ? each : best),
    null,
  );
  if (largest === null || largest.pagesLeft < enough) return null;
  const idle = slots - ranges.length;
  const parts = Math.min(mostParts, 1 + Math.floor(idle / candidates.length), largest.pagesLeft / earlyPages);
  const { range, cut, spread } = largest;
  return { range, cuts: parts < 3 ? [cut] : spread(Math.floor(parts)) };
};
