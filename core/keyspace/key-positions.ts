import { type Alphabets, highestCharacter } from './alphabets.ts';

/** Places behind the shared start that count, and the narrowest share of the keys that is told apart. */
const mostPlaces = 32;
const narrowest = 2 ** -46;

/** Characters that the two keys share from the start. */
export function sharedCharacters(a: string, b: string): number {
  let shared = 0;
  const other = b[Symbol.iterator]();
  for (const character of a) {
    if (other.next().value !== character) break;
    shared += 1;
  }
  return shared;
}

/** Keys behind a shared start, read as fractions. */
export type KeyPositions = {
  /** The share of the keys that come before this one, from 0 to 1, as far as is known. */
  of(key: string): number;
  /** The key of up to `length` characters behind the start that stands at or just below the position. */
  keyAt(position: number, length: number): string;
};

/**
 * Reads keys that share a start as fractions, the way arithmetic coding does: each character takes, of the share that
 * is left, the part that keys with this character at this place have. The order of positions is the order of keys.
 */
export function openPositions(start: string, alphabets: Alphabets): KeyPositions {
  const skipped = Array.from(start).length;
  const lastOfStart = Array.from(start).at(-1)?.codePointAt(0);

  return {
    of(key) {
      let position = 0;
      let width = 1;
      let place = skipped;
      let before = lastOfStart;
      for (const character of key.slice(start.length)) {
        if (place === skipped + mostPlaces || width < narrowest) break;
        const { points, below } = alphabets.at(place++, before);
        const point = character.codePointAt(0) ?? 0;
        before = point;
        const rank = rankOf(points, point);
        const lower = below[rank] ?? 1;
        position += width * lower;
        // A character that was never seen has no share: it stands between two that have.
        if (points[rank] !== point) break;
        width *= (below[rank + 1] ?? 1) - lower;
      }
      return position;
    },
    keyAt(position, length) {
      let key = start;
      let rest = position;
      let before = lastOfStart;
      for (let place = skipped; place < skipped + length; place++) {
        const { points, below } = alphabets.at(place, before);
        const above = below.findIndex((share) => share > rest);
        if (above === 0) break;
        const point = above === -1 ? undefined : points[above - 1];
        if (point === undefined) return key + highestCharacter;
        const lower = below[above - 1] ?? 0;
        rest = (rest - lower) / ((below[above] ?? 1) - lower);
        key += String.fromCodePoint(point);
        before = point;
      }
      return key;
    },
  };
}

/** How many of the ascending code points come before this one. */
function rankOf(points: readonly number[], point: number): number {
  let low = 0;
  let high = points.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((points[middle] ?? 0) < point) low = middle + 1;
    else high = middle;
  }
  return low;
}
