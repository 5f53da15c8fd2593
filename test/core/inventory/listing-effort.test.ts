import { expect, test } from 'vitest';
import { type LiveRange, liveRange, shownKeys, untouched } from '../../../core/inventory/live-range.ts';
import { openRanges } from '../../../core/inventory/open-ranges.ts';
import { compareKeys } from '../../../core/keyspace/key-order.ts';
import { type Distribution, distributions } from '../../../local/s3-server/generated-keys.ts';
import { GeneratedShelf } from '../../../local/s3-server/generated-shelf.ts';

/**
 * Lists a bucket of this distribution as `listSource` does, but in rounds: every open range gets one page in each, as from a
 * store that takes the same time for every page.
 */
function listInRounds(distribution: Distribution, { objects, pageSize, slots }: typeof small) {
  const shelf = new GeneratedShelf({ distribution, objects });
  const ranges = openRanges(slots, (range) =>
    liveRange(
      range,
      { decide: () => expect.fail(), begin: () => undefined, packed: null },
      { maxObjects: 1, maxBytes: 1, messageBytes: 1, partitions: null },
    ),
  );
  ranges.add(untouched(null, null));
  let [rounds, pages, listed, shards] = [0, 0, 0, 0];

  function page(range: LiveRange): void {
    const { cursor } = range.settled;
    const from = cursor === null ? Buffer.alloc(0) : Buffer.from(`${cursor}\0`);
    const rows = shelf.scan(from, undefined, pageSize);
    const { upTo } = range;
    const inside = rows.filter(({ key }) => upTo === null || compareKeys(key, upTo) <= 0);
    const more = rows.length === pageSize && inside.length === pageSize;
    pages += 1;
    listed += inside.length;
    if (inside.length === 0 && ranges.joinToFormer(range)) ranges.learn(range, shownKeys(inside), more);
    else {
      ranges.learn(range, shownKeys(inside), more);
      const shard = { ...range.settled.shard, index: range.settled.shard.index ?? shards++ };
      range.settled = { ...range.settled, cursor: inside.at(-1)?.key ?? cursor, shard };
    }
    if (more) ranges.cutForIdleSlots();
  }

  for (; ranges.all.size > 0; rounds++) {
    for (const range of [...ranges.all]) if (!range.ended) page(range);
    for (const range of [...ranges.all]) if (range.ended && range.probe === null) ranges.remove(range);
    ranges.cutForIdleSlots();
  }
  return { rounds, pages, listed, emptyProbes: ranges.emptyProbes() };
}

const small = { objects: 100_000, pageSize: 100, slots: 32 };

test.each(distributions)(
  'a bucket of keys that are spread like this, %s, is listed by many at once, and few pages are asked for in vain',
  (distribution) => {
    const { rounds, pages, listed, emptyProbes } = listInRounds(distribution, small);
    expect(listed).toBe(small.objects);
    const fewest = small.objects / small.pageSize;
    expect(emptyProbes / pages).toBeLessThan(0.05);
    expect(pages).toBeLessThan(fewest * 1.15);
    expect(rounds).toBeLessThan(fewest / 11);
  },
);

test.each<Distribution>(['flat', 'deep', 'timestamps', 'uuid'])(
  'a bucket of a million keys, %s, takes 64 ranges no longer than 25 of its thousand pages',
  (distribution) => {
    const { rounds, pages, emptyProbes } = listInRounds(distribution, {
      objects: 1_000_000,
      pageSize: 1000,
      slots: 64,
    });
    expect(rounds).toBeLessThanOrEqual(25);
    expect(emptyProbes / pages).toBeLessThan(0.03);
  },
);
