import { z } from 'zod';
import { clock, fleet, jobStore, settings } from './aws-ports.ts';
import { holderOf } from './hold-stack.ts';
import { MigrationAddress } from './migration-address.ts';
import { onLambda } from './on-lambda.ts';
import { type Ports, step } from './step.ts';

type Needs = Pick<Ports, 'fleet' | 'clock' | 'settings' | 'jobStore'>;

/** Pause between two looks at a fleet that is going down. */
const lookMs = 500;

/**
 * Ends every worker before anything is verified. The queue is drained, so that none has work; but one that was frozen, or cut
 * off from the queue, may still hold a copy of what was overwritten since, and would write it after the verification has
 * looked. Repairs raise the fleet again. Throws when the fleet does not go in time: there is no proof beside a writer.
 */
export const lowerFleet = step({
  input: MigrationAddress,
  output: z.strictObject({ running: z.literal(0) }),
  async run({ migration }, ports: Needs) {
    await endWorkers(migration, ports);
    return { running: 0 as const };
  },
});

export const handler = onLambda(lowerFleet, { clock, fleet, jobStore, settings });

/** Lowers the fleet to zero and waits until nobody runs. Throws when another migration has the stack, or when it takes too long. */
export async function endWorkers(migration: string, ports: Needs): Promise<void> {
  const { fleet, clock, settings } = ports;
  const holder = await holderOf(ports);
  if (holder !== null && holder.migration !== migration)
    throw new Error(`migration "${holder.migration}" has this stack; its workers are left alone`);
  await fleet.setBounds({ minimum: 0, maximum: 0, desired: 0 });
  const giveUpAtMs = clock.nowMs() + settings.fleetStopSeconds * 1000;
  for (;;) {
    const { running } = await fleet.size();
    if (running === 0) return;
    if (clock.nowMs() >= giveUpAtMs)
      throw new Error(
        `${running} still run after ${settings.fleetStopSeconds} seconds; they cost until they end`,
      );
    await clock.sleep(lookMs);
  }
}
