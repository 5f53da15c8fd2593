import { expect, test } from 'vitest';
import { openAlphabets } from '../../../core/keyspace/alphabets.ts';

const point = (character: string) => character.codePointAt(0) ?? 0;

/** The share of keys that alphabets expect to have this character at the place, behind the one before it. */
function shareOf(keys: readonly string[], character: string, place: number, before?: string): number {
  const alphabets = openAlphabets();
  for (const key of keys) alphabets.learn(key);
  const { points, below } = alphabets.at(place, before === undefined ? undefined : point(before));
  const at = points.indexOf(point(character));
  return at === -1 ? 0 : (below[at + 1] ?? 1) - (below[at] ?? 0);
}

const departments = Array.from({ length: 20 }, () => ['ax', 'ay', 'bp', 'bq', 'br', 'bs']).flat();

test('behind a character that was seen often, what came behind it is expected', () => {
  expect(shareOf(departments, 'p', 1)).toBeGreaterThan(0.1);
  expect(shareOf(departments, 'p', 1, 'b')).toBeGreaterThan(0.2);
  expect(shareOf(departments, 'p', 1, 'a')).toBeLessThan(0.03);
  expect(shareOf(departments, 'x', 1, 'a')).toBeGreaterThan(0.4);
});

test('what was seen at the place but not behind this character is expected a little all the same', () => {
  expect(shareOf(departments, 'p', 1, 'a')).toBeGreaterThan(0);
});

test('behind a character of which little was seen, the whole place tells what to expect', () => {
  const few = ['ax', 'ay', 'bz'];
  expect(shareOf(few, 'x', 1, 'b')).toBe(shareOf(few, 'x', 1));
});

test('characters that hardly came twice are not taken for all there are', () => {
  const names = Array.from({ length: 40 }, (_, n) => `a${String.fromCodePoint(0x4e00 + n)}`);
  const others = Array.from({ length: 40 }, (_, n) => `b${String.fromCodePoint(0x5e00 + n)}`);
  const seen = String.fromCodePoint(0x5e00);
  expect(shareOf([...names, ...others], seen, 1, 'a')).toBe(shareOf([...names, ...others], seen, 1));
});

test('beside a place of hexadecimal digits, digits are expected to be followed by letters', () => {
  const hashes = ['0f', '13', '2a', '37', '48', '5e', '6b', '7c'];
  expect(shareOf(hashes, 'a', 0)).toBeGreaterThan(0);
  expect(shareOf(hashes, 'a', 0)).toBe(shareOf(hashes, 'e', 0));
  const counters = ['00', '13', '22', '37', '48', '55', '61', '79'];
  expect(shareOf(counters, 'a', 0)).toBe(0);
});

test('an alphabet is whole when it holds all digits and nothing else', () => {
  const wholeOf = (keys: readonly string[]) => {
    const alphabets = openAlphabets();
    for (const key of keys) alphabets.learn(key);
    return alphabets.at(0).whole;
  };
  expect(wholeOf(['1', '2'])).toBe(true);
  expect(wholeOf(['1', '2', 'x'])).toBe(false);
  expect(wholeOf(['x', 'y'])).toBe(false);
  expect(wholeOf(['00', '1f', '2e', '3d', '4c', '5b', '6a'])).toBe(true);
});

test('a place is settled when it was seen far more often than it has characters', () => {
  const settledOf = (keys: readonly string[]) => {
    const alphabets = openAlphabets();
    for (const key of keys) alphabets.learn(key);
    return alphabets.at(0).settled;
  };
  const times = (count: number, key: string) => Array.from({ length: count }, () => key);
  expect(settledOf(times(23, 'v'))).toBe(false);
  expect(settledOf(times(24, 'v'))).toBe(true);
  expect(settledOf([...times(24, 'v'), 'w'])).toBe(false);
  expect(settledOf([...times(24, 'v'), ...times(24, 'w')])).toBe(true);
  expect(settledOf(times(24, ''))).toBe(false);
});
