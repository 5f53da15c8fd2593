import fc from 'fast-check';
import picomatch from 'picomatch';
import { describe, expect, test } from 'vitest';
import { compileGlob } from '../../../core/rules/glob.ts';
import { sameEveryRun } from '../../support/hard-keys.ts';

/** picomatch reads patterns as a shell reads paths of a disk; with `dot` it hides no names. */
const theirs = (pattern: string) => picomatch(pattern, { dot: true });

const letter = fc.constantFrom('a', 'b', 'é', '-', ' ');
const one = fc.oneof(
  { weight: 4, arbitrary: letter },
  { weight: 1, arbitrary: fc.constantFrom('?', '[ab]', '[^a]', '[a-c]') },
);
const stretch = fc.array(one, { maxLength: 2 }).map((parts) => parts.join(''));
const word = fc.string({ unit: letter, minLength: 1, maxLength: 2 });
const segment = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(stretch, fc.boolean(), stretch)
      .map(([start, star, end]) => `${start}${star ? '*' : ''}${end}`)
      .filter((text) => text !== ''),
  },
  { weight: 1, arbitrary: fc.constant('**') },
  { weight: 1, arbitrary: fc.tuple(word, word).map(([a, b]) => `{${a},${b}}`) },
);
/** What both read alike: whole segments of `**`, not at the end behind a folder and not twice in a row. */
const pattern = fc
  .array(segment, { minLength: 1, maxLength: 4 })
  .filter((parts) => parts.length === 1 || parts.at(-1) !== '**')
  .filter((parts) => parts.every((part, index) => part !== '**' || parts[index + 1] !== '**'))
  .map((parts) => parts.join('/'));
/** Keys that are paths: no empty segment, none of dots only. */
const name = fc
  .string({ unit: fc.constantFrom('a', 'b', 'c', 'é', '-', ' ', '.'), minLength: 1, maxLength: 3 })
  .filter((text) => !/^\.+$/.test(text));
const key = fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));

test('a pattern whose syntax picomatch shares matches the same keys', () => {
  let matched = 0;
  fc.assert(
    fc.property(pattern, fc.array(key, { minLength: 10, maxLength: 20 }), (text, keys) => {
      const [ours, other] = [compileGlob(text), theirs(text)];
      const found = keys.filter((each) => ours(each));
      matched += found.length;
      expect([text, found]).toEqual([text, keys.filter((each) => other(each))]);
    }),
    { ...sameEveryRun, numRuns: 3000 },
  );
  expect(matched).toBeGreaterThan(1000);
});

describe('where Drover’s patterns are not picomatch’s', () => {
  test.each<[why: string, pattern: string, key: string, ours: boolean]>([
    ['`x/**` does not match `x`: that is another key', 'raw/**', 'raw', false],
    ['`**` is any characters wherever it stands', 'a**', 'a/b', true],
    ['`**` is any characters before others too', '**a', 'x/a', true],
    ['`*` may be nothing behind a slash', 'a/*', 'a/', true],
    ['a slash at the end is part of a key', '*', 'a/', false],
    ['dots are characters', '*', '..', true],
    ['a character outside of the basic plane is one', 'a?c', 'a\u{1f600}c', true],
    ['`./` is no word for nothing', './a', 'a', false],
    ['`!` negates no pattern', '!a', 'b', false],
    ['`[!a]` is none of these, without an option', '[!a]', 'b', true],
    ['no `+( )`', '+(a)', 'aa', false],
    ['no `@( | )`', '@(a|b)', 'a', false],
    ['no counting in `{ }`', '{1..3}', '2', false],
    ['`{ }` around one is that one', '{a}', 'a', true],
    ['no named classes', '[[:alpha:]]', 'b', false],
  ])('%s: %j and %j', (_, text, each, ours) => {
    expect(compileGlob(text)(each)).toBe(ours);
    expect(theirs(text)(each)).toBe(!ours);
  });
});
