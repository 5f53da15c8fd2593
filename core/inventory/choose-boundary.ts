import { firstIndex } from '../keyspace/first-index.ts';
import { compareKeys } from '../keyspace/key-order.ts';
import type { ChooseCut } from './choose-cut.ts';
import type { LiveRange } from './live-range.ts';

/**
 * Cuts ranges at these places alone, which are in byte order: the range with the most of them left is cut in so many parts
 * of about as many regions each as slots are idle. How much lies between two of the places is not known.
 */
export function chooseAmong(boundaries: readonly string[]): ChooseCut {
  const upTo = (place: string) => firstIndex(boundaries, (boundary) => compareKeys(boundary, place) > 0);
  const before = (place: string) => firstIndex(boundaries, (boundary) => compareKeys(boundary, place) >= 0);

  /** The places where the rest of a range may be cut. */
  function placesLeft({ seen, ended, probe, reaches, upTo: end }: LiveRange): { from: number; left: number } {
    if (seen === null || ended || probe !== null) return { from: 0, left: 0 };
    const from = upTo(reaches ?? seen.cursor);
    return { from, left: (end === null ? boundaries.length : before(end)) - from };
  }

  return (ranges, _, slots) => {
    let most: { range: LiveRange; from: number; left: number } | null = null;
    for (const range of ranges) {
      const places = placesLeft(range);
      if (places.left > (most?.left ?? 0)) most = { range, ...places };
    }
    if (most === null) return null;
    const { range, from, left } = most;
    const regions = left + 1;
    const parts = Math.min(regions, slots - ranges.length + 1);
    const cuts = Array.from({ length: parts - 1 }, (_, n) => Math.floor(((n + 1) * regions) / parts) - 1);
    return { range, cuts: cuts.flatMap((place) => boundaries[from + place] ?? []) };
  };
}
