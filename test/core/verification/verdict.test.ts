import { expect, test } from 'vitest';
import { nothingCounted, ShardVerification } from '../../../core/verification/findings.ts';
import { accountedFor, openVerdict, Verdict } from '../../../core/verification/verdict.ts';

/** A shard in which every number is different. */
function aShard(shard: string, from: number): ShardVerification {
  const tally = (step: number) => ({ objects: from + step, bytes: (from + step) * 100 });
  return ShardVerification.parse({
    shard,
    round: 2,
    repairedBefore: from + 5,
    outcomes: {
      copied: tally(1),
      unchanged: tally(2),
      excluded: tally(3),
      exception: tally(4),
      repair: tally(5),
    },
    exceptionKinds: { corrupt: from, [from === 0 ? 'exhausted' : 'source-denied']: 1 },
    provenByChecksum: from + 6,
    provenBySize: from + 7,
    provenByContent: from + 8,
    kept: from + 9,
    missing: from + 10,
    different: from + 11,
    extra: from + 12,
    repaired: from + 13,
    requests: { source: { HeadObject: from }, destination: { ListObjectsV2: from + 1 } },
  });
}

test('a verdict is the sum of its shards', () => {
  const { add, verdict } = openVerdict(2);
  add(aShard('0000', 0));
  add(aShard('0001', 100));
  const tally = (objects: number) => ({ objects, bytes: objects * 100 });
  expect(verdict).toEqual({
    rounds: 2,
    outcomes: {
      copied: tally(102),
      unchanged: tally(104),
      excluded: tally(106),
      exception: tally(108),
      repair: tally(110),
    },
    exceptionKinds: { corrupt: 100, exhausted: 1, 'source-denied': 1 },
    provenByChecksum: 112,
    provenBySize: 114,
    provenByContent: 116,
    kept: 118,
    missing: 120,
    different: 122,
    extra: 124,
    repaired: 126,
    requests: { source: { HeadObject: 100 }, destination: { ListObjectsV2: 102 } },
  });
  expect(() => Verdict.parse(verdict)).not.toThrow();
  expect(accountedFor(verdict)).toEqual(tally(102 + 104 + 106 + 108 + 110));
});

test('a shard is left as it was by adding it', () => {
  const shard = aShard('0000', 7);
  const { add } = openVerdict(1);
  add(shard);
  add(shard);
  expect(shard).toEqual(aShard('0000', 7));
});

test('a verdict of nothing accounts for nothing', () => {
  expect(openVerdict(1).verdict).toEqual({ rounds: 1, ...nothingCounted() });
  expect(accountedFor(openVerdict(1).verdict)).toEqual({ objects: 0, bytes: 0 });
});
