import { z } from 'zod';
import { fleet } from './aws-ports.ts';
import { MigrationAddress } from './migration-address.ts';
import { onLambda } from './on-lambda.ts';
import { type Ports, step } from './step.ts';

/**
 * Opens the fleet for this migration: at least one worker, at most what the request allows. The scaling policy
 * moves in between; it cannot start from zero by itself, since backlog per worker has no value at no worker.
 */
export const raiseFleet = step({
  input: MigrationAddress.extend({ maxWorkers: z.int().min(1) }),
  output: z.strictObject({ minimum: z.int(), maximum: z.int() }),
  async run({ maxWorkers }, { fleet }: Pick<Ports, 'fleet'>) {
    const bounds = { minimum: 1, maximum: maxWorkers };
    await fleet.setBounds({ ...bounds, desired: 1 });
    return bounds;
  },
});

export const handler = onLambda(raiseFleet, { fleet });
