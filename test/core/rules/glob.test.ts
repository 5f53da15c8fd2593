import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileGlob, globProblem } from '../../../core/rules/glob.ts';
import { sameEveryRun } from '../../support/hard-keys.ts';
import { joinPieces, matchesByTrying } from './reference-glob.ts';

/** Whether two pieces side by side would be read as other stars than those that were drawn. */
function runOn(piece: { text: string } | unknown[], next: { text: string } | unknown[] | undefined): boolean {
  if (next === undefined || 'length' in piece || 'length' in next) return false;
  return (
    (piece.text === '*' && next.text.startsWith('*')) || (piece.text === '**' && /^[*/]/.test(next.text))
  );
}

describe('a pattern', () => {
  test.each<[string, string[], string[]]>([
    ['**', ['a', 'a/b', '/', 'a\nb', '\u{1f600}'], []],
    ['raw/**', ['raw/', 'raw/a', 'raw/a/b', 'raw/\n'], ['raw', 'xraw/a', '/raw/a']],
    ['raw**', ['raw', 'raw/a', 'rawest'], ['ra']],
    ['*.mov', ['a.mov', '.mov', 'a\n.mov'], ['a/b.mov', 'a.movie', 'a_mov', 'A.MOV']],
    ['**/*.mov', ['a.mov', 'x/a.mov', 'x/y/a.mov', '/a.mov', 'x//a.mov'], ['x/a.mov/b']],
    ['a/**/b', ['a/b', 'a/x/b', 'a/x/y/b', 'a//b'], ['ab', 'a/xb', 'a/x/yb']],
    ['a**/b', ['a/b', 'ax/b', 'a/x/b'], ['ab']],
    ['**/', ['', 'a/', 'a/b/', '/'], ['a', 'a/b']],
    ['a?c', ['abc', 'a\u{1f600}c', 'a\nc'], ['ac', 'a/c', 'abbc']],
    ['a[b-d]e', ['abe', 'ade'], ['aae', 'a/e', 'ae']],
    ['a[!b-d]e', ['aae', 'a\ne'], ['abe', 'a/e', 'ae']],
    ['a[^b]e', ['aae'], ['abe', 'a/e']],
    ['[.-0]', ['.', '0'], ['/', 'a']],
    ['[a&b~c]', ['a', '&', 'b', '~', 'c'], ['d']],
    ['[a-]', ['a', '-'], ['b']],
    ['[-a]', ['a', '-'], ['b']],
    ['[!-a]', ['b', '0', 'Z'], ['-', 'a', '/']],
    ['[!a-]', ['b', '0', '.'], ['-', 'a', '/']],
    ['[[^\\]', ['[', '^', '\\'], ['a', ']']],
    ['[]]', [']'], ['a', '[]', '[]]']],
    ['[!]]', ['a'], [']', '/']],
    ['[é-\u{1f600}]', ['é', '\u{1f600}', '中'], ['e']],
    ['{a,b/*}.c', ['a.c', 'b/x.c', 'b/.c'], ['b.c', 'a,b/x.c', 'b/x/y.c']],
    ['{a,}b', ['ab', 'b'], ['{a,}b', 'ab,']],
    ['{**/tmp,cache}/**', ['tmp/a', 'x/tmp/a', 'cache/a'], ['x/cache/a', 'xtmp/a']],
    ['{a/,}**/b', ['a/b', 'b', 'x/b'], ['ab']],
    ['{a}', ['a'], ['{a}']],
    ['a,b', ['a,b'], ['a', 'b']],
    ['a}b]c', ['a}b]c'], []],
    ['\\*\\?\\[\\{\\}\\\\', ['*?[{}\\'], ['a?[{}\\', '\\*']],
    ['{a\\,b,c\\}}', ['a,b', 'c}'], ['a', 'c']],
    ['\\a', ['a'], ['\\a']],
    ['.^$+()|', ['.^$+()|'], ['x^$+()|']],
    ['a//b', ['a//b'], ['a/b']],
    ['../a', ['../a'], ['xx/a', 'a']],
    ['\u{1f600}*', ['\u{1f600}', '\u{1f600}a'], ['\u{1f601}']],
  ])('%j matches as it says', (pattern, matching, others) => {
    expect(globProblem(pattern)).toBeNull();
    const matches = compileGlob(pattern);
    expect(matching.filter((key) => !matches(key))).toEqual([]);
    expect(others.filter(matches)).toEqual([]);
  });

  test('matches what a plain matcher finds by trying', () => {
    const letters = ['a', 'b', '/', '.', '\u{10000}', '-', '\n', '^', ']'] as const;
    const special = new Set(['*', '?', '[', ']', '{', '}', ',', '\\']);
    const character = fc
      .tuple(fc.constantFrom(...letters, '*', '{', ','), fc.boolean())
      .map(([character, escaped]) => ({
        text: escaped || special.has(character) ? `\\${character}` : character,
        token: { is: 'character' as const, character },
      }));
    const member = fc.constantFrom<[string, string]>(
      ['a', 'a'],
      ['a', 'c'],
      ['-', '-'],
      ['.', '0'],
      ['^', '^'],
      ['\u{10000}', '\u{10ffff}'],
    );
    const set = fc
      .tuple(fc.uniqueArray(member, { minLength: 1, maxLength: 3 }), fc.boolean())
      .map(([chosen, negated]) => {
        // A hyphen means itself at either end, a caret everywhere but at the beginning.
        const members = chosen.toSorted(([a], [b]) => Number(b === '-') - Number(a === '-'));
        if (members[0]?.[0] === '^' && !negated) members.push(...members.splice(0, 1));
        const text = members.map(([first, last]) => (first === last ? first : `${first}-${last}`)).join('');
        if (text.startsWith('^') && !negated)
          return { text: '\\^', token: { is: 'character' as const, character: '^' } };
        return {
          text: `[${negated ? '!' : ''}${text}]`,
          token: { is: 'one' as const, in: members, negated },
        };
      });
    const star = fc.constantFrom(
      { text: '*', token: { is: 'many' as const } },
      { text: '**', token: { is: 'any' as const } },
      { text: '**/', token: { is: 'folders' as const } },
      { text: '?', token: { is: 'one' as const, in: [], negated: true } },
    );
    const piece = fc.oneof({ weight: 4, arbitrary: character }, set, { weight: 3, arbitrary: star });
    const branch = fc
      .array(piece, { maxLength: 3 })
      .filter((pieces) => pieces.every((piece, index) => !runOn(piece, pieces[index + 1])));
    const group = fc.array(branch, { minLength: 1, maxLength: 3 });
    const pattern = fc
      .array(fc.oneof({ weight: 8, arbitrary: piece }, group), { minLength: 1, maxLength: 6 })
      .filter((pieces) => pieces.every((piece, index) => !runOn(piece, pieces[index + 1])))
      .map(joinPieces);
    const key = fc.string({ unit: fc.constantFrom(...letters), maxLength: 8 });
    fc.assert(
      fc.property(pattern, fc.array(key, { minLength: 5, maxLength: 15 }), ({ text, alternatives }, keys) => {
        const matches = compileGlob(text);
        for (const key of keys)
          expect([key, matches(key)]).toEqual([key, matchesByTrying(alternatives, key)]);
      }),
      { ...sameEveryRun, numRuns: 3000 },
    );
  });
});

test.each([
  ['', 'must not be an empty pattern; use "**" for every key'],
  ['a[b', 'must be a pattern: "[" at character 2 has no "]"; write "\\[" for the character itself'],
  ['[]', 'must be a pattern: "[" at character 1 has no "]"; write "\\[" for the character itself'],
  ['[!]', 'must be a pattern: "[" at character 1 has no "]"; write "\\[" for the character itself'],
  ['{a,{b}}', 'must be a pattern: "{" inside "{ }" is not supported; write the alternatives out'],
  ['{a,b', 'must be a pattern: "{" has no "}"; write "\\{" for the character itself'],
  ['a\\', 'must be a pattern: a "\\" at the end escapes nothing; write "\\\\" for the character itself'],
])('the pattern %j is refused with the mend', (pattern, problem) => {
  expect(globProblem(pattern)).toBe(problem);
  if (pattern !== '') expect(() => compileGlob(pattern)).toThrow(SyntaxError);
});

test('a range the wrong way round is refused', () => {
  expect(globProblem('[z-a]')).toMatch(/^must be a pattern: .*out of order/);
});
