import type { Alphabets } from '../keyspace/alphabets.ts';
import { cutOf, type LiveRange } from './live-range.ts';

/** A range is worth cutting when so many pages are left of it: each cut costs half a page, and a shard. */
const worthwhilePages = 10;
/** The same while most slots are idle. */
const earlyPages = 4;
/** Estimates beyond that say only that nothing is known. */
const unknownPages = 100_000;

/**
 * The range with the most left, and where to cut it; null = none is worth it. `slots` ranges may be open at the same
 * time. While few are, smaller rests are worth a cut; later only those that are above an even share of what is left.
 */
export function chooseCut(
  ranges: readonly LiveRange[],
  alphabets: Alphabets,
  slots: number,
): { range: LiveRange; cut: string } | null {
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
  return largest === null || largest.pagesLeft < enough ? null : largest;
}
