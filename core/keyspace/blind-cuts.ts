import { type Alphabets, highestCharacter, isCharacter } from './alphabets.ts';
import { departuresOf, type RangeSoFar } from './range-so-far.ts';

/** From so many keys on, a place that never varied is taken to vary nowhere. */
const enoughKeys = 24;
/** After so many probes that found nothing, what alphabets tell of other ranges is not believed of this one. */
const misleadingProbes = 2;
/** Where a digit varies, so many of those behind it are looked at. */
const digitSteps = 3;
const nine = '9'.charCodeAt(0);

/** Whether so little of the bucket was seen that it is looked for where its keys vary at all. */
export function isOpening(alphabets: Alphabets): boolean {
  return alphabets.learnt() < enoughKeys;
}

/**
 * Whether a place was seen so often that the keys have hardly other characters there; false where alphabets have misled
 * in this range.
 */
export function isSettled({ emptyProbes }: RangeSoFar, place: number, alphabets: Alphabets): boolean {
  return emptyProbes < misleadingProbes && alphabets.at(place).settled;
}

/**
 * Where to look for keys between the cursor and the end of its range, which share `shared` characters, when it is not known
 * where they lie; ascending. Keys vary from `varies` on; where they do before it is to be found out. In an opening these are
 * several places that are worth a look in the same round, afterwards one; none where no place may vary.
 */
export function blindCuts(soFar: RangeSoFar, shared: number, varies: number, alphabets: Alphabets): string[] {
  const characters = Array.from(soFar.cursor);
  const places = characters.map((_, place) => place).slice(shared, varies);
  const behind = (place: number) => characters.slice(0, place + 1).join('') + highestCharacter;
  if (places.length === 0) return [];
  if (isOpening(alphabets)) return openingCuts(soFar, { characters, shared, places, behind });
  const unsettled = places.filter((place) => !isSettled(soFar, place, alphabets));
  const digits = unsettled.filter((place) => isDigit(characters[place]));
  const middle = middleOf(digits.length > 0 ? digits : unsettled);
  return middle === undefined ? [] : [behind(middle)];
}

type Opening = {
  characters: readonly string[];
  shared: number;
  places: readonly number[];
  /** What lies behind every key that shares the cursor's characters up to and with this place. */
  behind(place: number): string;
};

/**
 * Counters and dates vary, and names mostly do not: what lies behind each digit is looked at, and, where other ranges or
 * pages have shown that keys vary, further on at that place. Where there is neither, any place may be it.
 */
function openingCuts(soFar: RangeSoFar, { characters, shared, places, behind }: Opening): string[] {
  const deepestFirst = places.toReversed();
  const digits = deepestFirst.filter((place) => isDigit(characters[place]));
  if (digits.length === 0 && (soFar.before === null || soFar.emptyProbes > 0))
    return deepestFirst.map(behind);
  const departures = soFar.emptyProbes > 0 ? new Map<number, number>() : departuresOf(soFar, shared);
  const steps = [...departures]
    .sort(([a], [b]) => b - a)
    .flatMap(([place, lowest]) => stepsAt(characters, place, lowest));
  // Departures lie at `varies` and deeper, so that what is behind the digits before it comes after them.
  const cuts = [...steps, ...digits.map(behind)];
  const middle = middleOf(places);
  return cuts.length > 0 || middle === undefined ? cuts : [behind(middle)];
}

/** Further on at a place where keys vary: some of the digits that are left, or twice as far as characters have come. */
function stepsAt(characters: readonly string[], place: number, lowest: number): string[] {
  const character = characters[place];
  const here = character?.codePointAt(0);
  if (here === undefined) return [];
  const left = nine - here;
  const count = Math.min(digitSteps, left);
  const points = isDigit(character)
    ? Array.from({ length: count }, (_, n) => here + Math.ceil(((n + 1) * left) / (count + 1)))
    : [here + 2 * (here - lowest)].filter((point) => point > here && isCharacter(point));
  const start = characters.slice(0, place).join('');
  return points.map((point) => start + String.fromCodePoint(point));
}

function middleOf(places: readonly number[]): number | undefined {
  return places[places.length >> 1];
}

function isDigit(character: string | undefined): boolean {
  return character !== undefined && character >= '0' && character <= '9';
}
