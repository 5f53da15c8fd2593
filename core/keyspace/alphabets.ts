/** Above every character that a key is likely to hold, and itself one that every store takes. */
export const highestCharacter = '\u{10fffd}';
/** Its code point. */
export const highestPoint = 0x10fffd;

/** Whether a code point is one that valid UTF-8 can hold, and not above the highest. */
export function isCharacter(point: number): boolean {
  return point <= highestPoint && !(point >= 0xd800 && point <= 0xdfff);
}

/** Characters at one place, ascending, and which share of the keys has which. */
export type Shares = {
  /** Code points. */
  points: readonly number[];
  /** Whether they are all decimal or all hexadecimal digits: behind the last one nothing is to be expected. */
  whole: boolean;
  /** Whether the place was seen so often, with so few characters, that hardly another one is to be expected. */
  settled: boolean;
  /** Share of the keys that have a lower character there, or end before it; one entry more than points. */
  below: readonly number[];
};

/** How often which character has been seen at each place of the keys, a place being a number of characters from the start. */
export type Alphabets = {
  /** Takes in a key. */
  learn(key: string): void;
  /** Keys taken in. */
  learnt(): number;
  /** What to expect at a place; with the character before it, behind that one, where enough was seen behind it. */
  at(place: number, before?: number): Shares;
};

/** `shares` are kept until the place was seen `until` times. */
type Seen = {
  counts: Map<number, number>;
  ended: number;
  times: number;
  shares: Shares | null;
  until: number;
};
type Place = Seen & { behind: Map<number, Seen> };

/** More characters at one place add nothing to where a range is best cut. */
const mostCharacters = 4096;
const digits = Array.from('0123456789', codePoint);
const hexadecimals = Array.from('0123456789abcdef', codePoint);
/** From so many keys on, what was seen behind a character counts: dates know no month behind the twelfth. */
const enoughBehind = 12;
/** So many hexadecimal digits and no other character are no coincidence. */
const tellingHexadecimals = 6;
/** A place is settled when it was seen so often, and so many times as often as it has characters. */
const settledTimes = 24;
/**
 * The more characters a place has, the less does one more key change of its shares: of six hundred they are told anew each
 * 38 keys. Below sixteen, as in counters and dates, each time; in hashes each second time.
 */
const charactersAKey = 16;
/** What a character weighs that is expected and was not seen, and the end of a key where none ended. */
const unseenWeight = 0.5;
const unseenEnd = 0.01;
/**
 * The same of a character that was seen at the place, but not behind the one before it. Not nothing: a range that is listed
 * in one stream has seen only what lies behind it, and would seem to be at its end for ever.
 */
const elsewhereWeight = 0.2;

/**
 * Opens alphabets that know nothing. Fed with the keys at which pages end, which lie evenly among all keys, they tell
 * how keys are spread. Where two decimal digits were seen, all ten are expected, and where many hexadecimal ones, there or
 * beside it, all sixteen: counters and hashes show few of them at first.
 */
export function openAlphabets(): Alphabets {
  const places: Place[] = [];
  let learnt = 0;
  const nothing = (): Seen => ({ counts: new Map(), ended: 0, times: 0, shares: null, until: 0 });
  const placeAt = (index: number): Place => (places[index] ??= { ...nothing(), behind: new Map() });

  /** What was seen at a place in all, and behind the character before it. */
  function* seenAt(index: number, before: number | null): Generator<Seen> {
    const place = placeAt(index);
    yield place;
    if (before === null) return;
    const known = place.behind.get(before);
    if (known !== undefined) yield known;
    else if (place.behind.size < mostCharacters) {
      const seen = nothing();
      place.behind.set(before, seen);
      yield seen;
    }
  }

  /** Notes that a place was seen once more. */
  function seeAgain(seen: Seen): void {
    seen.times += 1;
    if (seen.times >= seen.until) seen.shares = null;
  }

  function keep(seen: Seen, shares: Shares): Shares {
    seen.shares = shares;
    seen.until = seen.times + 1 + Math.floor(seen.counts.size / charactersAKey);
    return shares;
  }

  /** Whether a place beside this one shows hexadecimal digits: then this one does too, of which listing saw only the first. */
  function hexadecimalBeside(index: number): boolean {
    return [places[index - 1], places[index + 1]].some(
      (place) => place !== undefined && areHexadecimals([...place.counts.keys()]),
    );
  }

  return {
    learn(key) {
      learnt += 1;
      let index = 0;
      let before: number | null = null;
      for (const character of key) {
        const point = codePoint(character);
        for (const seen of seenAt(index, before)) {
          const count = seen.counts.get(point);
          if (count === undefined && seen.counts.size >= mostCharacters) return;
          seen.counts.set(point, (count ?? 0) + 1);
          seeAgain(seen);
        }
        before = point;
        index += 1;
      }
      for (const seen of seenAt(index, before)) {
        seen.ended += 1;
        seeAgain(seen);
      }
    },
    learnt: () => learnt,
    at(index, before) {
      const place = placeAt(index);
      const behind = before === undefined ? undefined : place.behind.get(before);
      if (behind !== undefined && isKnown(behind))
        return behind.shares ?? keep(behind, sharesOf(behind, hexadecimalBeside(index), place.counts));
      return place.shares ?? keep(place, sharesOf(place, hexadecimalBeside(index)));
    },
  };
}

/** Whether characters have come again and again, so that there are hardly others. Keys come in neighbours, two by two. */
function isKnown({ times, counts }: Seen): boolean {
  return times >= enoughBehind && counts.size <= times / 3;
}

/**
 * A character counts the square root of how often it was seen: what was seen so far lies where listing began, so that
 * counts mislead, and yet the rare is rarer than the frequent.
 */
function sharesOf(
  { counts, ended, times }: Seen,
  hexadecimalBeside: boolean,
  elsewhere: ReadonlyMap<number, number> = new Map(),
): Shares {
  const weights = new Map<number, number>();
  for (const point of elsewhere.keys()) weights.set(point, elsewhereWeight);
  const seen = [...counts.keys()].sort((a, b) => a - b);
  const expected = expectedOf(seen, hexadecimalBeside);
  for (const point of expected) weights.set(point, unseenWeight);
  for (const [point, count] of counts) weights.set(point, Math.sqrt(count));
  const points = [...weights.keys()].sort((a, b) => a - b);
  const end = ended === 0 ? unseenEnd : Math.sqrt(ended);
  const total = [...weights.values()].reduce((sum, weight) => sum + weight, end);
  const below: number[] = [end / total];
  for (const point of points) below.push((below.at(-1) ?? 0) + (weights.get(point) ?? 0) / total);
  return {
    points,
    below,
    whole: expected.length > 0 && points.length === expected.length,
    settled: times - ended >= settledTimes * Math.max(1, counts.size),
  };
}

/** All decimal or hexadecimal digits, where some were seen and nothing else. */
function expectedOf(seen: readonly number[], hexadecimalBeside: boolean): readonly number[] {
  const oneOfThem = seen.length > 0 && seen.every((point) => hexadecimals.includes(point));
  if (areHexadecimals(seen) || (hexadecimalBeside && oneOfThem)) return hexadecimals;
  return seen.length >= 2 && seen.every((point) => digits.includes(point)) ? digits : [];
}

/** Many hexadecimal digits, a letter among them, and nothing else. */
function areHexadecimals(seen: readonly number[]): boolean {
  return (
    seen.length >= tellingHexadecimals &&
    seen.every((point) => hexadecimals.includes(point)) &&
    seen.some((point) => !digits.includes(point))
  );
}

function codePoint(character: string): number {
  return character.codePointAt(0) ?? 0;
}
