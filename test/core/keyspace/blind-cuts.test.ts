import { expect, test } from 'vitest';
import { openAlphabets } from '../../../core/keyspace/alphabets.ts';
import type { RangeSoFar } from '../../../core/keyspace/range-so-far.ts';
import { splitRange } from '../../../core/keyspace/split-range.ts';

const nothingBehind = { upTo: null, ceiling: null, ceilingIsKey: false, emptyProbes: 0 };

/** A range of which one page came, of a bucket of which these keys were seen. */
function cutsOf(
  soFar: Pick<RangeSoFar, 'first' | 'cursor'> & Partial<RangeSoFar>,
  learnt: readonly string[],
) {
  const alphabets = openAlphabets();
  for (const key of learnt) alphabets.learn(key);
  const known = { pageFirst: soFar.first, pages: 1, before: null, ...nothingBehind, ...soFar };
  return splitRange(known, alphabets)?.spread(8) ?? [];
}

const part = (folder: string, run: number) =>
  `${folder}/run-${String(run).padStart(6, '0')}/part-00000.parquet`;

test('where a digit was seen to vary, some of those that are left are looked at in the same round', () => {
  const range = { first: part('vol-1/project-a', 0), cursor: part('vol-1/project-a', 7) };
  const runs = ['vol-1/project-a/run-000008', 'vol-1/project-a/run-000009'];
  const volumes = ['vol-3', 'vol-5', 'vol-7'];
  expect(cutsOf({ ...range, before: part('vol-0/project-a', 7) }, [])).toEqual([...runs, ...volumes]);
});

test('where a letter was seen to vary, keys are looked for twice as far on, and behind the digits before it', () => {
  const range = { first: part('vol-0/project-b', 9), cursor: part('vol-0/project-b', 9) };
  const cuts = ['vol-0/project-d', 'vol-0\u{10fffd}'];
  expect(cutsOf({ ...range, before: part('vol-0/project-a', 7) }, [])).toEqual(cuts);
});

const letters = 'abcdefghij';
const tree = Array.from({ length: 1000 }, (_, n) =>
  part(`vol-${Math.floor(n / 100)}/project-${letters[Math.floor(n / 10) % 10]}`, n % 10),
);

test('the last folders of a tree are looked for where folders vary, and not behind letters that all keys have', () => {
  const range = { first: part('vol-9/project-b', 0), cursor: part('vol-9/project-b', 7) };
  for (const emptyProbes of [0, 1]) {
    const cuts = cutsOf({ ...range, emptyProbes }, tree);
    expect(cuts.length).toBeGreaterThan(0);
    for (const cut of cuts) expect(cut).toMatch(/^vol-9\/project-[b-j]/);
  }
});

test('where the alphabets have misled twice, any place may be the one at which keys vary', () => {
  const range = { first: part('vol-9/project-b', 0), cursor: part('vol-9/project-b', 7) };
  const before = Array.from(range.cursor).findIndex((_, n) => range.cursor[n] !== range.first[n]);
  const [cut = ''] = cutsOf({ ...range, emptyProbes: 3 }, tree);
  expect(cut.endsWith('\u{10fffd}')).toBe(true);
  expect(range.cursor.startsWith(cut.slice(0, -2))).toBe(true);
  expect(cut.length - 2).toBeLessThanOrEqual(before);
});
