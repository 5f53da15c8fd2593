import { expect, it } from 'vitest';
import { raiseFleet } from '../../functions/raise-fleet.ts';
import { perform } from '../../functions/step.ts';
import { MemoryFleet } from '../support/memory-stack.ts';
import { address } from '../support/sample-migration.ts';

it('opens the fleet with one worker, up to what the request allows', async () => {
  const fleet = new MemoryFleet();
  const given = await perform(raiseFleet, { ...address, maxWorkers: 20 }, { fleet });
  expect(given).toEqual({ minimum: 1, maximum: 20 });
  expect(fleet.bounds).toEqual([{ minimum: 1, maximum: 20, desired: 1 }]);
});

it('does not take a fleet of nobody', async () => {
  const fleet = new MemoryFleet();
  await expect(perform(raiseFleet, { ...address, maxWorkers: 0 }, { fleet })).rejects.toThrow('maxWorkers');
  expect(fleet.bounds).toEqual([]);
});
