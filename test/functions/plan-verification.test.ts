import { expect, it } from 'vitest';
import { MemoryJobStore } from '../../adapters/memory/job-store.ts';
import { jobLayout } from '../../core/job-layout.ts';
import { encodeJson } from '../../core/json-lines.ts';
import { planVerification } from '../../functions/plan-verification.ts';
import { perform } from '../../functions/step.ts';
import { address, rowOf, storeInventory } from '../support/sample-migration.ts';

it('names every shard of the inventory, for the first round', async () => {
  const jobStore = new MemoryJobStore();
  await storeInventory(jobStore, [[rowOf('a', '1')], [rowOf('b', '2')], []]);
  expect(await perform(planVerification, address, { jobStore })).toEqual({
    ...address,
    round: 1,
    shards: ['0000', '0001', '0002'],
  });
});

it('fails with what to do when the lister left no result', async () => {
  const planned = perform(planVerification, address, { jobStore: new MemoryJobStore() });
  await expect(planned).rejects.toMatchObject({
    name: 'ListingFailed',
    message:
      'the lister ended without a result. Look at its log, then start the migration again: it resumes.',
  });
});

it('stays within a state’s payload for the shards of eight billion objects', async () => {
  const jobStore = new MemoryJobStore();
  const listing = await storeInventory(jobStore, [[]]);
  await jobStore.write(jobLayout.listing(address.folder), encodeJson({ ...listing, shards: 32_000 }));
  const verification = await perform(planVerification, address, { jobStore });
  const state = { ...address, startedAt: new Date(0).toISOString(), maxWorkers: 1000, verification };
  // The longest error that Step Functions hands on is 32,768 characters. [src: Step Functions, CreateStateMachine]
  const failed = { ...state, error: { Error: 'States.TaskFailed', Cause: 'x'.repeat(32_768) } };
  expect(new Set(verification.shards).size).toBe(32_000);
  expect(Buffer.byteLength(JSON.stringify(failed))).toBeLessThan(262_144);
});
