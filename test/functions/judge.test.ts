import { describe, expect, it } from 'vitest';
import { MemoryJobStore } from '../../adapters/memory/job-store.ts';
import { jobLayout, shardName } from '../../core/job-layout.ts';
import { decodeJson, encodeJson } from '../../core/json-lines.ts';
import { MigrationPlan } from '../../core/migration.ts';
import { nothingCounted, type ShardVerification } from '../../core/verification/findings.ts';
import { Verdict } from '../../core/verification/verdict.ts';
import { judge } from '../../functions/judge.ts';
import { perform } from '../../functions/step.ts';
import { address, rowOf, samplePlan, storeInventory } from '../support/sample-migration.ts';

/** What the verification of a shard says whose objects ended so; every object is one byte. */
function verified(
  index: number,
  outcomes: Partial<Record<keyof ShardVerification['outcomes'], number>>,
  more: Partial<ShardVerification> = {},
): ShardVerification {
  const counts = nothingCounted();
  for (const [outcome, objects] of Object.entries(outcomes))
    Object.assign(counts.outcomes, { [outcome]: { objects, bytes: objects } });
  return { shard: shardName(index), round: 1, repairedBefore: 0, ...counts, ...more };
}

const oneByte = (key: string) => rowOf(key, 'x');
const round = (number: number, shards: string[]) => ({ ...address, round: number, shards });

async function opened(verifications: readonly ShardVerification[]) {
  const jobStore = new MemoryJobStore();
  await jobStore.write(jobLayout.plan(address.folder), encodeJson(samplePlan()));
  await storeInventory(jobStore, [
    [oneByte('a'), oneByte('b')],
    [oneByte('c'), oneByte('d'), oneByte('e')],
  ]);
  for (const verification of verifications)
    await jobStore.write(
      jobLayout.verification(address.folder, verification.shard),
      encodeJson(verification),
    );
  const verdict = async () => {
    const file = await jobStore.read(jobLayout.verdict(address.folder));
    return file === null ? null : decodeJson(file.bytes, Verdict);
  };
  return { jobStore, verdict };
}

describe('a verification that found everything', () => {
  it('is added up and ends', async () => {
    const { jobStore, verdict } = await opened([
      verified(
        0,
        { copied: 2 },
        { provenByChecksum: 2, requests: { source: {}, destination: { ListObjectsV2: 1 } } },
      ),
      verified(
        1,
        { unchanged: 1, excluded: 1, exception: 1 },
        { provenBySize: 1, exceptionKinds: { 'source-archived': 1 }, missing: 1, extra: 4 },
      ),
    ]);
    const given = await perform(judge, round(1, ['0000', '0001']), { jobStore });
    expect(given).toEqual({ ...address, round: 1, shards: [], repair: false });
    expect(await verdict()).toEqual({
      ...nothingCounted(),
      rounds: 1,
      outcomes: {
        copied: { objects: 2, bytes: 2 },
        unchanged: { objects: 1, bytes: 1 },
        excluded: { objects: 1, bytes: 1 },
        exception: { objects: 1, bytes: 1 },
        repair: { objects: 0, bytes: 0 },
      },
      exceptionKinds: { 'source-archived': 1 },
      provenByChecksum: 2,
      provenBySize: 1,
      missing: 1,
      extra: 4,
      requests: { source: {}, destination: { ListObjectsV2: 1 } },
    });
  });

  it('gives the same verdict when it is judged again', async () => {
    const { jobStore, verdict } = await opened([verified(0, { copied: 2 }), verified(1, { copied: 3 })]);
    await perform(judge, round(1, ['0000', '0001']), { jobStore });
    const first = await verdict();
    await perform(judge, round(1, ['0000', '0001']), { jobStore });
    expect(await verdict()).toEqual(first);
  });
});

describe('a verification that found something to repair', () => {
  it('names the next round and only the shards that need it', async () => {
    const { jobStore } = await opened([verified(0, { copied: 2 }), verified(1, { copied: 1, repair: 2 })]);
    const given = await perform(judge, round(1, ['0000', '0001']), { jobStore });
    expect(given).toEqual({ ...address, round: 2, shards: ['0001'], repair: true });
  });

  it('counts the shards that were fine before, in the next round too', async () => {
    const { jobStore, verdict } = await opened([
      verified(0, { copied: 2 }),
      verified(1, { copied: 3 }, { round: 2, repaired: 2, repairedBefore: 2 }),
    ]);
    const given = await perform(judge, round(2, ['0001']), { jobStore });
    expect(given).toEqual({ ...address, round: 2, shards: [], repair: false });
    expect(await verdict()).toMatchObject({ rounds: 2, repaired: 2, outcomes: { copied: { objects: 5 } } });
  });
});

describe('a job store that lost something is refused, and no verdict is stored', () => {
  it.each([
    [
      'one object is accounted for too few',
      [verified(0, { copied: 1 }), verified(1, { copied: 3 })],
      '5 objects (5 bytes) were listed and 4 (4 bytes) are accounted for. The inventory was changed under the migration; start it again under a new id.',
    ],
    [
      'one object is accounted for twice',
      [verified(0, { copied: 2, exception: 1 }), verified(1, { copied: 3 })],
      '5 objects (5 bytes) were listed and 6 (6 bytes) are accounted for. The inventory was changed under the migration; start it again under a new id.',
    ],
    [
      'a shard was never verified',
      [verified(0, { copied: 2 })],
      'memory://migrations/exit-ibm/verification/0001.json is missing: shard 0001 was never verified. Start the migration again: it resumes.',
    ],
  ])('when %s', async (_, verifications, message) => {
    const { jobStore, verdict } = await opened(verifications);
    const refused = perform(judge, round(1, ['0000', '0001']), { jobStore });
    await expect(refused).rejects.toMatchObject({ name: 'JobStoreDamaged', message });
    expect(await verdict()).toBeNull();
  });

  it('when the objects are as many, but not of the same size', async () => {
    const large = verified(1, {});
    large.outcomes.copied = { objects: 3, bytes: 4 };
    const { jobStore, verdict } = await opened([verified(0, { copied: 2 }), large]);
    await expect(perform(judge, round(1, ['0000', '0001']), { jobStore })).rejects.toMatchObject({
      name: 'JobStoreDamaged',
      message: expect.stringContaining('5 (6 bytes) are accounted for'),
    });
    expect(await verdict()).toBeNull();
  });

  it('when the listing is gone', async () => {
    const { jobStore } = await opened([]);
    await jobStore.delete(jobLayout.listing(address.folder));
    await expect(perform(judge, round(1, []), { jobStore })).rejects.toMatchObject({
      name: 'JobStoreDamaged',
      message:
        'memory://migrations/exit-ibm/listing.json is missing: start the migration again under a new id.',
    });
  });
});

describe('the number of partitions', () => {
  const under = async (partition: object | null, repairs: [number, number], partitions?: number) => {
    const [first, second] = repairs;
    const { jobStore } = await opened([
      verified(0, { copied: 2 - first, repair: first }),
      verified(1, { copied: 3 - second, repair: second }),
    ]);
    const path = jobLayout.plan(address.folder);
    const plan = samplePlan({ request: partition === null ? {} : { partition } });
    const before = encodeJson(partitions === undefined ? plan : { ...plan, partitions });
    await jobStore.write(path, before);
    await perform(judge, round(1, ['0000', '0001']), { jobStore });
    const after = await jobStore.read(path);
    if (after === null) throw new Error('the plan is gone');
    return { now: decodeJson(after.bytes, MigrationPlan), same: Buffer.compare(after.bytes, before) === 0 };
  };

  it('follows the repairs, which are a message each, before the first of them is queued', async () => {
    const { now } = await under({ strategy: 'hash' }, [1, 2], 80);
    expect(now).toEqual({ ...samplePlan({ request: { partition: { strategy: 'hash' } } }), partitions: 3 });
  });

  it('stays where the request gives it, where nothing is repaired, and where there are none', async () => {
    expect((await under({ strategy: 'hash', count: 80 }, [1, 2], 80)).same).toBe(true);
    expect((await under({ strategy: 'hash' }, [0, 0], 80)).same).toBe(true);
    expect((await under(null, [1, 2])).same).toBe(true);
  });
});
