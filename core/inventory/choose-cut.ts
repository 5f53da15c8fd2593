import type { Alphabets } from '../keyspace/alphabets.ts';
import { unknownPages } from '../keyspace/split-range.ts';
import { cutOf, type LiveRange } from './live-range.ts';

/** A range is worth cutting when so many pages are left of it: each cut costs half a page, and a shard. */
const worthwhilePages = 6;
/** The same while many slots are idle: what is begun at the end of a listing is what it ends with. */
const idlePages = 2;
/** Slots are many when they are this share of all. */
const manyIdle = 0.2;
/** Estimates beyond that say only that nothing is known. */
const countedPages = 100_000;
/** A range is cut in so many parts at once at most: what one page told of it is not trusted further. */
const mostParts = 4;
/** The same of a range of which nothing is known: each part asks for one place where keys may vary. */
const mostBlindParts = 8;
/** Keys that hide from more than this share of the probes are looked for by halves, one probe a range. */
const tolerablyEmpty = 0.3;

// These were chosen by a model of the listing: see docs/decisions/0012.

/** Ranges that were cut off and have shown their first page, and those of them in which there was no key. */
export type Probes = { shown: number; empty: number };

/** Says which of the open ranges is to be cut where; null = none. `slots` ranges may be open at the same time. */
export type ChooseCut = (
  ranges: readonly LiveRange[],
  alphabets: Alphabets,
  slots: number,
  probes: Probes,
) => { range: LiveRange; cuts: string[] } | null;

/**
 * The range with the most left, and where to cut it; null = none is worth it. `slots` ranges may be open at the same
 * time. While fewer are, smaller rests are worth a cut, and large ones several; later only those that are above an even
 * share of what is left. Where too many probes found nothing, there is one cut at a time.
 */
export const chooseCut: ChooseCut = (ranges, alphabets, slots, probes) => {
  const candidates = ranges.flatMap((range) => {
    const found = cutOf(range, alphabets);
    return found === null ? [] : [{ range, ...found }];
  });
  const left = candidates.reduce((sum, { pagesLeft }) => sum + Math.min(pagesLeft, countedPages), 0);
  const idle = slots - ranges.length;
  const enough = idle > manyIdle * slots ? idlePages : Math.max(worthwhilePages, left / slots);
  const largest = candidates.reduce<(typeof candidates)[number] | null>(
    (best, each) => (best === null || each.pagesLeft > best.pagesLeft ? each : best),
    null,
  );
  if (largest === null || largest.pagesLeft < enough) return null;
  const { range, cut, pagesLeft, spread } = largest;
  if (probes.empty > tolerablyEmpty * Math.max(slots, probes.shown)) return { range, cuts: [cut] };
  const trusted = pagesLeft === unknownPages ? mostBlindParts : mostParts;
  const parts = Math.min(trusted, 1 + Math.floor(idle / candidates.length), pagesLeft / idlePages);
  return { range, cuts: parts < 3 ? [cut] : spread(Math.floor(parts)) };
};
