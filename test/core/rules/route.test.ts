import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileRoutes } from '../../../core/rules/route.ts';
import { aRequest } from '../../support/builders.ts';
import { closeKey, sameEveryRun } from '../../support/hard-keys.ts';

const asItIs = { renamedBy: -1, storageClass: null, tags: undefined, metadata: undefined };

describe('the route of a key', () => {
  test.each<[string, { prefix?: string; storageClass?: string }, object[], string, object]>([
    ['is the key itself without rules', {}, [], 'a//b', { ...asItIs, to: 'a//b' }],
    ['has the prefix before it', { prefix: 'p/' }, [], '/a', { ...asItIs, to: 'p//a' }],
    [
      "has the destination's storage class",
      { storageClass: 'GLACIER_IR' },
      [],
      'a',
      { ...asItIs, to: 'a', storageClass: 'GLACIER_IR' },
    ],
    [
      'takes nothing from a rule that does not match',
      { storageClass: 'GLACIER_IR' },
      [
        {
          match: 'b',
          storageClass: 'STANDARD',
          tags: { a: '1' },
          metadata: { a: '1' },
          rename: { prefix: 'a', to: 'x' },
        },
      ],
      'a',
      { ...asItIs, to: 'a', storageClass: 'GLACIER_IR' },
    ],
    [
      'takes the storage class of the last rule that matches',
      { storageClass: 'GLACIER_IR' },
      [
        { match: 'a', storageClass: 'STANDARD' },
        { match: '**', storageClass: 'STANDARD_IA' },
        { match: 'a', tags: { t: '1' } },
      ],
      'a',
      { ...asItIs, to: 'a', storageClass: 'STANDARD_IA', tags: { t: '1' } },
    ],
    [
      'joins tags and metadata name by name, the last word counts',
      {},
      [
        { match: '**', tags: { a: '1', b: '1' }, metadata: { x: '1' } },
        { match: 'a*', tags: { b: '2' }, metadata: { y: '2' } },
      ],
      'ab',
      { ...asItIs, to: 'ab', tags: { a: '1', b: '2' }, metadata: { x: '1', y: '2' } },
    ],
    [
      'has the prefix before a new name, too',
      { prefix: 'p/' },
      [{ match: 'raw/**', rename: { prefix: 'raw/', to: 'video/' } }],
      'raw/raw/a',
      { ...asItIs, to: 'p/video/raw/a', renamedBy: 0 },
    ],
    [
      'keeps its name where the pattern matches and the prefix is not there',
      {},
      [{ match: '**', rename: { prefix: 'raw/', to: 'video/' } }],
      'x/raw/a',
      { ...asItIs, to: 'x/raw/a' },
    ],
    [
      'is renamed by the last rule alone, from its own name',
      {},
      [
        { match: '**', rename: { prefix: 'a/', to: 'b/' } },
        { match: '**', rename: { prefix: 'a/x/', to: '' } },
        { match: '**', rename: { prefix: 'b/', to: 'c/' } },
      ],
      'a/x/y',
      { ...asItIs, to: 'y', renamedBy: 1 },
    ],
  ])('%s', (_, destination, rules, key, route) => {
    expect(compileRoutes(aRequest({ destination, rules })).route(key)).toEqual(route);
  });
});

const rename = fc.record({
  match: fc.constantFrom('**', 'a*', '*b', '**/*', 'a/**'),
  rename: fc.record({ prefix: closeKey(2), to: fc.oneof(fc.constant(''), closeKey(2)) }),
});
const someRules = fc.array(fc.oneof(rename, fc.constant({ match: '*', storageClass: 'STANDARD' })), {
  maxLength: 4,
});
const prefix = fc.constantFrom('', 'a', 'p/');

test('the sources of a destination key are exactly the keys that lead to it', () => {
  const alphabet = ['a', 'b', '/'];
  const everyShortKey = alphabet.flatMap((a) => [
    a,
    ...alphabet.flatMap((b) => [a + b, ...alphabet.map((c) => a + b + c)]),
  ]);
  fc.assert(
    fc.property(someRules, prefix, closeKey(4), (rules, destinationPrefix, key) => {
      const router = compileRoutes(aRequest({ destination: { prefix: destinationPrefix }, rules }));
      const { to, renamedBy } = router.route(key);
      const sources = router.sourcesOf(to);
      expect(sources).toContainEqual({ key, renamedBy });
      for (const source of sources)
        expect(router.route(source.key)).toMatchObject({ to, renamedBy: source.renamedBy });
      const found = sources.map((source) => source.key);
      expect(new Set(found).size).toBe(found.length);
      for (const other of everyShortKey) {
        if (router.route(other).to === to) expect(found).toContain(other);
      }
    }),
    { ...sameEveryRun, numRuns: 500 },
  );
});

test('nothing leads to a key outside of the prefix', () => {
  const router = compileRoutes(
    aRequest({
      destination: { prefix: 'p/' },
      rules: [{ match: '**', rename: { prefix: 'raw/', to: 'video/' } }],
    }),
  );
  expect(router.sourcesOf('q/a')).toEqual([]);
  expect(router.sourcesOf('p/')).toEqual([]);
  expect(router.sourcesOf('p/raw/a')).toEqual([]);
  expect(router.sourcesOf('p/video/a')).toEqual([
    { key: 'video/a', renamedBy: -1 },
    { key: 'raw/a', renamedBy: 0 },
  ]);
  expect(router.renames).toEqual([{ rule: 0, from: 'raw/', to: 'p/video/' }]);
});
