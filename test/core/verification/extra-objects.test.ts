import { describe, expect, test } from 'vitest';
import { aScene, verifyAll } from './verification-runs.ts';

describe('an object at the destination that is not in the source', () => {
  const source = { b: 'x', d: 'x', f: 'x', h: 'x' };
  const copies = (prefix: string) =>
    Object.fromEntries(Object.entries(source).map(([key, text]) => [prefix + key, text]));
  const sizes = { pageSize: 2, shardRows: 2 };

  test.each<[string, string[], number]>([
    ['before the first key', ['a'], 1],
    ['between keys', ['c'], 1],
    ['at a boundary of shards', ['d\u0000', 'e'], 2],
    ['after the last key', ['i', 'j', '\u{10ffff}'], 3],
    ['everywhere', ['\u0000', 'a', 'c', 'd\u0000', 'e', 'g', 'h\u0000', 'z'], 8],
  ])('%s is extra, counted once over all shards', async (_, extras, count) => {
    const after = {
      ...copies('p/'),
      ...Object.fromEntries(extras.map((key) => [`p/${key}`, 'x'])),
      'q/z': 'x',
      o: 'x',
    };
    const scene = await aScene({ source, after }, { destination: { prefix: 'p/' } }, sizes);
    const { verdict, shards } = await verifyAll(scene);
    expect(shards.length).toBeGreaterThan(1);
    expect(verdict.extra).toBe(count);
    expect(verdict.outcomes.copied.objects).toBe(4);
  });

  test('is none of ours outside of the prefix of the source', async () => {
    const scene = await aScene(
      { source: { 's/a': 'x' }, after: { 'p/s/a': 'x', 'p/s/b': 'x', 'p/r': 'x', 'p/t': 'x' } },
      { source: { prefix: 's/' }, destination: { prefix: 'p/' } },
    );
    expect((await verifyAll(scene)).verdict.extra).toBe(1);
  });

  test('is not called extra where a rename could have led to it, and is where none could', async () => {
    const scene = await aScene(
      {
        source: { 'raw/a': 'x', b: 'x', 'video/c': 'x' },
        after: { 'video/a': 'x', b: 'x', 'video/c': 'x', 'video/d': 'x', 'raw/a': 'x', e: 'x' },
      },
      { rules: [{ match: 'raw/**', rename: { prefix: 'raw/', to: 'video/' } }] },
    );
    const { verdict } = await verifyAll(scene);
    expect(verdict.outcomes.copied.objects).toBe(3);
    // `raw/a` and `e`; of `video/d` nobody knows without asking the source for `raw/d`.
    expect(verdict.extra).toBe(2);
  });

  test('is extra where a rename leads everywhere, but not from this name', async () => {
    const scene = await aScene(
      { source: { 'raw/a': 'x' }, after: { a: 'x', 'raw/a': 'x' } },
      { rules: [{ match: 'raw/a', rename: { prefix: 'raw/', to: '' } }] },
    );
    expect((await verifyAll(scene)).verdict.extra).toBe(1);
  });
});

test('an object that a rename could have led to only from outside of the source prefix is extra', async () => {
  const scene = await aScene(
    { source: { 's/a': 'x', 'raw/b': 'x' }, after: { 's/a': 'x', 's/x/b': 'x' } },
    { source: { prefix: 's/' }, rules: [{ match: '**', rename: { prefix: 'raw/', to: 's/x/' } }] },
  );
  expect((await verifyAll(scene)).verdict.extra).toBe(1);
});
