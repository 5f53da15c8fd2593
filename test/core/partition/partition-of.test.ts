import { expect, it } from 'vitest';
import { groupOf, partitionOf } from '../../../core/partition/partition-of.ts';

it.each([
  // FNV-1a of 32 bits, as published: 811c9dc5, e40c292c, bf9cf968.
  ['', 0x811c9dc5],
  ['a', 0xe40c292c],
  ['foobar', 0xbf9cf968],
])('the hash of %j is the published one', (key, hash) => {
  expect(partitionOf(key, 2 ** 32)).toBe(hash);
});

it.each([
  ['photos/2025/01/IMG_0540.jpg', 1000, 799],
  ['a//b', 1000, 768],
  ['composed-\u00e9', 1000, 32],
  ['decomposed-e\u0301', 1000, 447],
  ['astral-\u{1f600}', 80, 60],
  ['noncharacter-\uffff', 80, 29],
])(
  '%j of %i partitions is in %i, in every release, as another implementation says',
  (key, count, partition) => {
    expect(partitionOf(key, count)).toBe(partition);
  },
);

it('spreads keys that differ in a digit evenly', () => {
  const sizes = Array<number>(16).fill(0);
  for (let n = 0; n < 16_000; n++) {
    const partition = partitionOf(`photos/IMG_${String(n).padStart(6, '0')}.jpg`, 16);
    sizes[partition] = (sizes[partition] ?? 0) + 1;
  }
  expect(Math.min(...sizes)).toBeGreaterThan(800);
  expect(Math.max(...sizes)).toBeLessThan(1200);
});

it('puts every key into the only partition there is', () => {
  expect(partitionOf('anything', 1)).toBe(0);
});

it('names a group of letters, digits and punctuation, as SQS wants it', () => {
  expect(groupOf(3999)).toMatch(/^[A-Za-z0-9-]{1,128}$/);
});
