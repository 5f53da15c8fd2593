import { beforeEach, expect, it } from 'vitest';
import { cleanUp } from '../../functions/clean-up.ts';
import { holdStack, releaseStack } from '../../functions/hold-stack.ts';
import { perform } from '../../functions/step.ts';
import { allOf } from '../support/all-of.ts';
import { memoryStack } from '../support/memory-stack.ts';
import { address } from '../support/sample-migration.ts';

const stackHolder = 'stack/holder.json';
let stack: ReturnType<typeof memoryStack>;
beforeEach(() => {
  stack = memoryStack();
  stack.settings.stackHolder = stackHolder;
});

it('a stack is had by one migration only, however many ask at once', async () => {
  const asked = await Promise.allSettled(['a', 'b', 'c'].map((name) => holdStack(name, 1_000_000, stack)));
  expect(asked.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected']);
});

it('who comes too late is told who has it, since when, and how to free it', async () => {
  await holdStack('first', 1_000_000, stack);
  await expect(holdStack('second', 1_000_000, stack)).rejects.toMatchObject({
    name: 'StackBusy',
    message: expect.stringMatching(
      /^migration "first" has this stack since 1970-01-01T00:33:20.000Z.*delete \S+stack\/holder\.json\.$/,
    ),
  });
});

it('a migration that died takes over what it held itself', async () => {
  await holdStack('first', 1_000_000, stack);
  await expect(holdStack('first', 1_000_000, stack)).resolves.toBeUndefined();
});

it('is free again after the release by its holder, and by nobody else', async () => {
  await holdStack('first', 1_000_000, stack);
  await releaseStack('second', stack);
  await expect(holdStack('second', 1_000_000, stack)).rejects.toMatchObject({ name: 'StackBusy' });
  await releaseStack('first', stack);
  await releaseStack('first', stack);
  await expect(holdStack('second', 1_000_000, stack)).resolves.toBeUndefined();
});

it('is free after Clean up, but not while workers of the migration still run', async () => {
  await holdStack(address.migration, 1_000_000, stack);
  stack.fleet.running = 2;
  stack.fleet.stubborn = 1;
  await perform(cleanUp, address, stack);
  await expect(holdStack('other', 1_000_000, stack)).rejects.toMatchObject({ name: 'StackBusy' });
  stack.fleet.stubborn = 0;
  await perform(cleanUp, address, stack);
  await expect(holdStack('other', 1_000_000, stack)).resolves.toBeUndefined();
});

it('keeps its workers when another migration cleans up that never had it', async () => {
  await holdStack('first', 1_000_000, stack);
  stack.fleet.running = 2;
  expect(await perform(cleanUp, address, stack)).toMatchObject({
    fleetStopped: false,
    problems: ['stopping the fleet: migration "first" has this stack; its workers are left alone'],
  });
  expect(stack.fleet.bounds).toEqual([]);
  await expect(holdStack('second', 1_000_000, stack)).rejects.toMatchObject({ name: 'StackBusy' });
});

it('of one migration alone, as on one machine, is never asked for', async () => {
  stack.settings.stackHolder = null;
  await holdStack('first', 1_000_000, stack);
  await holdStack('second', 1_000_000, stack);
  await releaseStack('first', stack);
  expect(await allOf(stack.jobStore.list(''))).toEqual([]);
});

it('keeps the workers of a run that was started meanwhile when the word of an earlier stop comes late', async () => {
  await holdStack(address.migration, 1_000_000, stack);
  await holdStack(address.migration, 1_060_000, stack);
  stack.fleet.running = 2;
  const detail = { name: `${address.migration}@1`, startDate: 1_000_000 };
  const late = await perform(cleanUp, { source: 'aws.states', detail }, stack);
  expect(late.problems).toEqual(['a later run has this stack; nothing of it is touched']);
  expect(stack.fleet.bounds).toEqual([]);
  await expect(holdStack('other', 1_120_000, stack)).rejects.toMatchObject({ name: 'StackBusy' });
  const own = { source: 'aws.states', detail: { ...detail, startDate: 1_060_000 } };
  expect(await perform(cleanUp, own, stack)).toMatchObject({ fleetStopped: true, problems: [] });
  await expect(holdStack('other', 1_120_000, stack)).resolves.toBeUndefined();
});
