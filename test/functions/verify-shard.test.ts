import { beforeEach, describe, expect, it } from 'vitest';
import { MemoryObjectStore } from '../../adapters/memory/object-store.ts';
import { jobLayout } from '../../core/job-layout.ts';
import { decodeJson, decodeLines, encodeJson, encodeLines } from '../../core/json-lines.ts';
import { StoreError } from '../../core/store-error.ts';
import type { OutcomeRow } from '../../core/transfer/outcome.ts';
import { Finding, ShardVerification } from '../../core/verification/findings.ts';
import { perform } from '../../functions/step.ts';
import { verifyShard } from '../../functions/verify-shard.ts';
import { memoryStack } from '../support/memory-stack.ts';
import { address, rowOf, samplePlan, storeInventory } from '../support/sample-migration.ts';

const { folder } = address;
const event = (round: number, shard = '0000') => ({ ...address, shard, round });
let stack: ReturnType<typeof memoryStack>;

beforeEach(async () => {
  stack = memoryStack();
  await stack.jobStore.write(jobLayout.plan(folder), encodeJson(samplePlan()));
  await storeInventory(stack.jobStore, [
    [rowOf('a', 'alpha'), rowOf('b', 'beta'), rowOf('c', 'gone', 'excluded')],
    [rowOf('d', 'delta'), rowOf('e', 'epsilon', 'unchanged')],
  ]);
  for (const [key, text] of Object.entries({ a: 'alpha', b: 'beta', c: 'gone', d: 'delta', e: 'epsilon' }))
    await stack.source.put(key, Buffer.from(text), text.length, {});
});

async function arrive(key: string, text: string): Promise<void> {
  await stack.destination.put(key, Buffer.from(text), text.length, {});
}

async function found(shard = '0000') {
  const verification = await stack.jobStore.read(jobLayout.verification(folder, shard));
  const findings = await stack.jobStore.read(jobLayout.findings(folder, shard));
  if (verification === null || findings === null) throw new Error('the verification stored nothing');
  return {
    verification: decodeJson(verification.bytes, ShardVerification),
    findings: decodeLines(findings.bytes, Finding),
  };
}

/** What a worker files about a key that it gave up. */
async function giveUp(key: string, file: number, more: Partial<OutcomeRow>): Promise<void> {
  const row: OutcomeRow = {
    key,
    batch: '0000-0',
    attempt: 6,
    outcome: 'exception',
    kind: 'exhausted',
    reason: 'HTTP 500',
    sizeBytes: 4,
    carrier: 'rclone',
    endedAtMs: 1000,
    durationMs: 5,
    ...more,
  };
  await stack.jobStore.write(jobLayout.shardExceptionFile(folder, '0000', 'w1', file), encodeLines([row]));
}

describe('a shard', () => {
  it('whose objects arrived is verified; only its name is handed on', async () => {
    await arrive('a', 'alpha');
    await arrive('b', 'beta');
    expect(await perform(verifyShard, event(1), stack)).toBe('0000');
    const { verification, findings } = await found();
    expect(findings).toEqual([]);
    expect(verification).toMatchObject({
      shard: '0000',
      round: 1,
      outcomes: {
        copied: { objects: 2, bytes: 9 },
        unchanged: { objects: 0, bytes: 0 },
        excluded: { objects: 1, bytes: 4 },
        exception: { objects: 0, bytes: 0 },
        repair: { objects: 0, bytes: 0 },
      },
      provenByChecksum: 2,
      repaired: 0,
    });
  });

  it('is verified by itself: what other shards miss is not its concern', async () => {
    await arrive('d', 'delta');
    await arrive('e', 'epsilon');
    await perform(verifyShard, event(1, '0001'), stack);
    expect((await found('0001')).verification.outcomes).toMatchObject({
      copied: { objects: 1 },
      unchanged: { objects: 1 },
      repair: { objects: 0 },
    });
    expect(await stack.jobStore.read(jobLayout.verification(folder, '0000'))).toBeNull();
  });

  it('sends back what is missing and what is different, with all that a worker needs', async () => {
    await arrive('b', 'betb');
    await perform(verifyShard, event(1), stack);
    const { verification, findings } = await found();
    expect(verification.outcomes.repair).toEqual({ objects: 2, bytes: 9 });
    expect(verification).toMatchObject({ missing: 1, different: 1, repaired: 2 });
    expect(findings).toMatchObject([
      { action: 'repair', key: 'a', reason: 'missing at the destination', file: { key: 'a', to: 'a' } },
      { action: 'repair', key: 'b', file: { key: 'b', to: 'b', sizeBytes: 4, storageClass: null } },
    ]);
  });

  it('closes both buckets, also when a listing fails', async () => {
    stack.destination.failNext(
      'ListObjectsV2',
      new StoreError('throttled', 'slow down', { code: 'SlowDown' }),
    );
    await expect(perform(verifyShard, event(1), stack)).rejects.toMatchObject({ kind: 'throttled' });
    expect([stack.source.closed, stack.destination.closed]).toEqual([1, 1]);
    expect(await stack.jobStore.read(jobLayout.verification(folder, '0000'))).toBeNull();
  });

  it.each([
    ['its summary', jobLayout.shardSummary(folder, '0000')],
    ['a piece', jobLayout.shardPiece(folder, '0000', 0)],
    ['the plan', jobLayout.plan(folder)],
  ])('whose inventory lost %s is refused', async (_, path) => {
    await stack.jobStore.delete(path);
    await expect(perform(verifyShard, event(1), stack)).rejects.toMatchObject({
      name: 'JobStoreDamaged',
      message: expect.stringContaining(`memory://${path} is missing`),
    });
  });
});

describe('a round that is done twice', () => {
  it('replaces what the first attempt found, in the first round', async () => {
    await perform(verifyShard, event(1), stack);
    await arrive('a', 'alpha');
    await perform(verifyShard, event(1), stack);
    const { verification, findings } = await found();
    expect(findings.map(({ key }) => key)).toEqual(['b']);
    expect(verification).toMatchObject({ missing: 1, repaired: 1, repairedBefore: 0 });
  });

  it('counts what was repaired once, in a later round', async () => {
    await perform(verifyShard, event(1), stack);
    await arrive('a', 'alpha');
    for (let attempt = 1; attempt <= 3; attempt++) {
      await perform(verifyShard, event(2), stack);
      const { verification } = await found();
      expect(verification).toMatchObject({ round: 2, missing: 1, repaired: 3, repairedBefore: 2 });
    }
    await arrive('b', 'beta');
    await perform(verifyShard, event(3), stack);
    expect((await found()).verification).toMatchObject({ round: 3, repaired: 3, repairedBefore: 3 });
  });

  it.each([
    ['in the first round', [1, 1], 4],
    ['in a later round', [1, 2, 2], 6],
  ] as const)(
    'counts the requests of every attempt, since each was made, %s',
    async (_, rounds, questions) => {
      for (const round of rounds) {
        // A store counts from when it was opened.
        const source = new MemoryObjectStore(stack.clock);
        for (const [key, text] of [['a', 'alpha'] as const, ['b', 'beta'] as const])
          await source.put(key, Buffer.from(text), text.length, {});
        const openStore = async ({ bucket }: { bucket: string }) =>
          bucket === 'media-archive' ? source : stack.destination;
        await perform(verifyShard, event(round), { ...stack, openStore });
      }
      expect((await found()).verification.requests.source['HeadObject']).toBe(questions);
    },
  );
});

describe('the last rounds', () => {
  it('end in exceptions when a repair is no longer allowed', async () => {
    await stack.jobStore.write(
      jobLayout.plan(folder),
      encodeJson(samplePlan({ request: { verify: { repairRounds: 1 } } })),
    );
    await arrive('b', 'betb');
    await perform(verifyShard, event(1), stack);
    expect((await found()).verification.outcomes.repair.objects).toBe(2);
    await perform(verifyShard, event(2), stack);
    const { verification, findings } = await found();
    expect(verification.outcomes.repair.objects).toBe(0);
    expect(verification.exceptionKinds).toEqual({ exhausted: 1, corrupt: 1 });
    expect(findings.map(({ key, action }) => [key, action])).toEqual([
      ['a', 'exception'],
      ['b', 'exception'],
    ]);
  });

  it('give the worker’s last word on a key, whatever order its files are in', async () => {
    await stack.jobStore.write(
      jobLayout.plan(folder),
      encodeJson(samplePlan({ request: { verify: { repairRounds: 0 } } })),
    );
    await arrive('b', 'beta');
    await giveUp('a', 0, { endedAtMs: 5000, kind: 'destination-denied', reason: 'AccessDenied' });
    await giveUp('a', 1, { endedAtMs: 1000 });
    await perform(verifyShard, event(1), stack);
    expect((await found()).findings).toEqual([
      { action: 'exception', key: 'a', kind: 'destination-denied', reason: 'AccessDenied' },
    ]);
  });

  it('do not believe a worker that gave up what is there all the same', async () => {
    await arrive('a', 'alpha');
    await arrive('b', 'beta');
    await giveUp('a', 0, { kind: 'destination-denied' });
    await perform(verifyShard, event(1), stack);
    expect((await found()).verification.outcomes).toMatchObject({
      copied: { objects: 2 },
      exception: { objects: 0 },
    });
  });
});
