import { expect, it } from 'vitest';
import { lowerFleet } from '../../functions/lower-fleet.ts';
import { perform } from '../../functions/step.ts';
import { memoryStack } from '../support/memory-stack.ts';
import { address } from '../support/sample-migration.ts';

it('ends every worker, and waits until nobody runs', async () => {
  const stack = memoryStack();
  stack.fleet.running = 3;
  expect(await perform(lowerFleet, address, stack)).toEqual({ running: 0 });
  expect(stack.fleet.bounds).toEqual([{ minimum: 0, maximum: 0, desired: 0 }]);
  expect(await stack.fleet.size()).toEqual({ desired: 0, running: 0 });
});

it('verifies nothing beside a worker that does not go', async () => {
  const stack = memoryStack();
  stack.fleet.running = 2;
  stack.fleet.stubborn = 1;
  await expect(perform(lowerFleet, address, stack)).rejects.toThrow('1 still run after 10 seconds');
});

it('leaves the workers of another migration alone', async () => {
  const stack = memoryStack();
  const holder = { version: 1, migration: 'other', sinceMs: 1, startedAtMs: 1 };
  await stack.jobStore.write('stack/holder.json', Buffer.from(JSON.stringify(holder)));
  const settings = { ...stack.settings, stackHolder: 'stack/holder.json' };
  await expect(perform(lowerFleet, address, { ...stack, settings })).rejects.toThrow(
    '"other" has this stack',
  );
  expect(stack.fleet.bounds).toEqual([]);
});
