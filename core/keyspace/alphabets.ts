/** Above every character that a key is likely to hold, and itself one that every store takes. */
export const highestCharacter = '\u{10fffd}';

/** Characters at one place, ascending, and which share of the keys has which. */
export type Shares = {
  /** Code points. */
  points: readonly number[];
  /** Share of the keys that have a lower character there, or end before it; one entry more than points. */
  below: readonly number[];
};

/** How often which character has been seen at each place of the keys, a place being a number of characters from the start. */
export type Alphabets = {
  /** Takes in a key. */
  learn(key: string): void;
  /** Keys taken in. */
  learnt(): number;
  /** What to expect at a place. */
  at(place: number): Shares;
};

type Place = { counts: Map<number, number>; ended: number; shares: Shares | null };

/** More characters at one place add nothing to where a range is best cut. */
const mostCharacters = 4096;
const digits = Array.from('0123456789', codePoint);
const hexadecimals = Array.from('0123456789abcdef', codePoint);
/** So many hexadecimal digits and no other character are no coincidence. */
const tellingHexadecimals = 6;
/** What a character weighs that is expected and was not seen, and the end of a key where none ended. */
const unseenWeight = 0.5;
const unseenEnd = 0.01;

/**
 * Opens alphabets that know nothing. Fed with the keys at which pages end, which lie evenly among all keys, they tell
 * how keys are spread. Where two decimal digits were seen, all ten are expected, and where many hexadecimal ones, all
 * sixteen: counters and hashes show few of them at first.
 */
export function openAlphabets(): Alphabets {
  const places: Place[] = [];
  let learnt = 0;
  const placeAt = (index: number): Place => (places[index] ??= { counts: new Map(), ended: 0, shares: null });

  return {
    learn(key) {
      learnt += 1;
      let index = 0;
      for (const character of key) {
        const place = placeAt(index);
        const point = codePoint(character);
        const count = place.counts.get(point);
        if (count === undefined && place.counts.size >= mostCharacters) break;
        place.counts.set(point, (count ?? 0) + 1);
        place.shares = null;
        index += 1;
      }
      const end = placeAt(index);
      end.ended += 1;
      end.shares = null;
    },
    learnt: () => learnt,
    at(index) {
      const place = placeAt(index);
      place.shares ??= sharesOf(place);
      return place.shares;
    },
  };
}

/**
 * A character counts the square root of how often it was seen: what was seen so far lies where listing began, so that
 * counts mislead, and yet the rare is rarer than the frequent.
 */
function sharesOf({ counts, ended }: Place): Shares {
  const weights = new Map<number, number>();
  const seen = [...counts.keys()].sort((a, b) => a - b);
  const expected = expectedOf(seen);
  for (const point of expected) weights.set(point, unseenWeight);
  for (const [point, count] of counts) weights.set(point, Math.sqrt(count));
  const points = [...weights.keys()].sort((a, b) => a - b);
  const end = ended === 0 ? unseenEnd : Math.sqrt(ended);
  const total = [...weights.values()].reduce((sum, weight) => sum + weight, end);
  const below: number[] = [end / total];
  for (const point of points) below.push((below.at(-1) ?? 0) + (weights.get(point) ?? 0) / total);
  return { points, below };
}

/** All decimal or hexadecimal digits, where some were seen and nothing else. */
function expectedOf(seen: readonly number[]): readonly number[] {
  if (seen.length >= 2 && seen.every((point) => digits.includes(point))) return digits;
  if (seen.length >= tellingHexadecimals && seen.every((point) => hexadecimals.includes(point)))
    return hexadecimals;
  return [];
}

function codePoint(character: string): number {
  return character.codePointAt(0) ?? 0;
}
