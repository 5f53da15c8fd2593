import { z } from 'zod';
import { findTransfers } from '../core/inventory/find-transfers.ts';
import { destinationLocation, type MigrationPlan } from '../core/migration.ts';
import type { JobStore, ObjectStore, UnfinishedUpload } from '../core/ports.ts';
import { compileRoutes } from '../core/rules/route.ts';
import { findPlan, MigrationAddress } from './migration-address.ts';
import { probeKey } from './probe-destination.ts';
import { type Ports, step } from './step.ts';

type Needs = Pick<Ports, 'jobStore' | 'fleet' | 'listers' | 'clock' | 'log' | 'openStore' | 'settings'>;

/** Pause between two looks at a fleet that is going down. */
const lookMs = 500;

/**
 * Leaves nothing behind that costs money or belongs to nobody: lowers the fleet to zero and waits for it, stops
 * listers, aborts this migration's unfinished uploads, deletes the probe object. Messages, checkpoint and inventory stay, so that a
 * failed migration resumes. Does as much as it can; says in its result what it could not. Doing it again is harmless.
 */
export const cleanUp = step({
  input: MigrationAddress,
  output: z.strictObject({
    fleetStopped: z.boolean(),
    listersStopped: z.int(),
    uploadsAborted: z.int(),
    problems: z.array(z.string()),
  }),
  async run({ migration, folder }, ports: Needs) {
    const problems: string[] = [];
    const attempt = async <Result>(
      what: string,
      work: () => Promise<Result>,
      otherwise: Result,
    ): Promise<Result> => {
      try {
        return await work();
      } catch (error) {
        problems.push(`${what}: ${error instanceof Error ? error.message : String(error)}`);
        return otherwise;
      }
    };
    const listersStopped = await attempt('stopping listers', () => ports.listers.stopAll(migration), 0);
    const fleetStopped = await attempt('stopping the fleet', () => lowerFleet(ports), false);
    const plan = await findPlan(ports.jobStore, folder);
    const uploadsAborted =
      plan === null ? 0 : await attempt('tidying the destination', () => tidyDestination(plan, ports), 0);
    for (const problem of problems) ports.log('clean-up-problem', { problem });
    return { fleetStopped, listersStopped, uploadsAborted, problems };
  },
});

async function lowerFleet({ fleet, clock, settings }: Needs): Promise<boolean> {
  await fleet.setBounds({ minimum: 0, maximum: 0, desired: 0 });
  const giveUpAtMs = clock.nowMs() + settings.fleetStopSeconds * 1000;
  while ((await fleet.size()).running > 0) {
    if (clock.nowMs() >= giveUpAtMs) return false;
    await clock.sleep(lookMs);
  }
  return true;
}

async function tidyDestination(plan: MigrationPlan, { jobStore, openStore }: Needs): Promise<number> {
  const destination = await openStore(destinationLocation(plan.request));
  try {
    await destination.delete(probeKey(plan.request, plan.migration));
    const uploads = await ownUploads(plan, destination, jobStore);
    for (const upload of uploads) await destination.abortUpload(upload);
    return uploads.length;
  } finally {
    destination.close();
  }
}

/** Unfinished uploads that began after the migration and whose key the inventory sends there; other people's stay. */
async function ownUploads(
  plan: MigrationPlan,
  destination: ObjectStore,
  jobStore: JobStore,
): Promise<UnfinishedUpload[]> {
  const router = compileRoutes(plan.request);
  const candidates = new Map<UnfinishedUpload, string[]>();
  for await (const upload of destination.unfinishedUploads(plan.request.destination.prefix)) {
    const sources = router.sourcesOf(upload.key).map(({ key }) => key);
    if (upload.initiatedAtMs >= plan.createdAtMs - clockSkewMs && sources.length > 0)
      candidates.set(upload, sources);
  }
  const ours = await findTransfers(jobStore, plan.folder, new Set([...candidates.values()].flat()));
  return [...candidates].filter(([, keys]) => keys.some((key) => ours.has(key))).map(([upload]) => upload);
}

/** Stores round the start of an upload to seconds, and their clocks are not ours. */
const clockSkewMs = 60_000;
