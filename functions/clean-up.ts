import { z } from 'zod';
import { findTransfers } from '../core/inventory/find-transfers.ts';
import { destinationLocation, type MigrationPlan } from '../core/migration.ts';
import type { JobStore, ObjectStore, UnfinishedUpload } from '../core/ports.ts';
import { compileRoutes } from '../core/rules/route.ts';
import { recordedUploads } from '../core/transfer/fleet-parts/recorded-uploads.ts';
import { clock, fleet, jobStore, listers, openStore, settings } from './aws-ports.ts';
import { holderOf, releaseStack } from './hold-stack.ts';
import { endWorkers } from './lower-fleet.ts';
import { findPlan, MigrationAddress, unfinishedPass } from './migration-address.ts';
import { onLambda } from './on-lambda.ts';
import { probeKey } from './probe-destination.ts';
import { type Ports, step } from './step.ts';

type Needs = Pick<Ports, 'jobStore' | 'fleet' | 'listers' | 'clock' | 'log' | 'openStore' | 'settings'>;

/**
 * What EventBridge says of an execution that was stopped or timed out, and so runs no state any more: among other
 * fields its name, of which the migration's id is what stands before the "@", and its start in milliseconds.
 * [src: Step Functions guide, EventBridge events "Step Functions Execution Status Change"]
 */
const StoppedExecution = z
  .object({
    source: z.literal('aws.states'),
    'detail-type': z.literal('Step Functions Execution Status Change'),
    detail: z.object({
      name: z.string().min(1),
      status: z.enum(['ABORTED', 'TIMED_OUT']),
      startDate: z.int().positive(),
    }),
  })
  .transform(({ detail: { name, startDate } }) => ({
    migration: name.split('@')[0] ?? name,
    folder: null,
    startedAtMs: startDate,
  }));

/** Does a piece of work; when it fails, notes that as a problem and gives `otherwise`. */
type Attempt = <Result>(what: string, work: () => Promise<Result>, otherwise: Result) => Promise<Result>;

/**
 * Leaves nothing behind that costs money or belongs to nobody: lowers the fleet to zero and waits for it, stops
 * listers, aborts this migration's unfinished uploads, deletes the probe object, releases the stack. Messages, checkpoint
 * and inventory stay, so that a failed migration resumes. Does as much as it can; says in its result what it could not.
 * Doing it again is harmless. For an execution that was stopped, it does nothing while another run has the stack, be it
 * a later one, or an earlier one of the same migration that was started once more by mistake; and it throws what could
 * not be done, since no report will show it.
 */
export const cleanUp = step({
  input: z.union([MigrationAddress, StoppedExecution]),
  output: z.strictObject({
    fleetStopped: z.boolean(),
    listersStopped: z.int(),
    uploadsAborted: z.int(),
    problems: z.array(z.string()),
  }),
  async run(input, ports: Needs) {
    const { migration, folder: given } = input;
    const stoppedRunMs = 'startedAtMs' in input ? input.startedAtMs : null;
    const other = await otherHolder(stoppedRunMs, ports);
    if (other !== null) {
      const since = new Date(other.startedAtMs).toISOString();
      const problem = `the run of migration "${other.migration}" that was started at ${since} has this stack; nothing of it is touched`;
      ports.log('clean-up-problem', { problem });
      return { fleetStopped: false, listersStopped: 0, uploadsAborted: 0, problems: [problem] };
    }
    const problems: string[] = [];
    const attempt: Attempt = async (what, work, otherwise) => {
      try {
        return await work();
      } catch (error) {
        problems.push(`${what}: ${error instanceof Error ? error.message : String(error)}`);
        return otherwise;
      }
    };
    const listersStopped = await attempt('stopping listers', () => ports.listers.stopAll(migration), 0);
    const fleetStopped = await attempt(
      'stopping the fleet',
      () => endWorkers(migration, ports).then(() => true),
      false,
    );
    const findOwnPlan = async () =>
      findPlan(ports.jobStore, given ?? (await unfinishedPass(ports.jobStore, migration)));
    const plan = await attempt('reading the plan', findOwnPlan, null);
    const uploadsAborted = plan === null ? 0 : await tidyDestination(plan, ports, attempt);
    // Workers that still run would take the next migration's messages.
    if (fleetStopped && (await otherHolder(stoppedRunMs, ports)) === null)
      await attempt('releasing the stack', () => releaseStack(migration, ports), undefined);
    for (const problem of problems) ports.log('clean-up-problem', { problem });
    // No report will show them: Lambda does it again twice, then an alarm rings.
    if (stoppedRunMs !== null && problems.length > 0)
      throw new Error(`clean-up of the stopped migration "${migration}": ${problems.join('; ')}`);
    return { fleetStopped, listersStopped, uploadsAborted, problems };
  },
});

export const handler = onLambda(cleanUp, { clock, fleet, jobStore, listers, openStore, settings });

/**
 * Who has the stack instead of the stopped run; null = that run, or nobody, or no run was stopped. EventBridge and the
 * execution's context may round the start differently.
 */
async function otherHolder(stoppedRunMs: number | null, ports: Needs): ReturnType<typeof holderOf> {
  const holder = stoppedRunMs === null ? null : await holderOf(ports);
  if (holder === null || stoppedRunMs === null) return null;
  return Math.abs(holder.startedAtMs - stoppedRunMs) < 1000 ? null : holder;
}

async function tidyDestination(
  plan: MigrationPlan,
  { jobStore, openStore }: Needs,
  attempt: Attempt,
): Promise<number> {
  const location = destinationLocation(plan.request);
  const destination = await attempt('opening the destination', () => openStore(location), null);
  if (destination === null) return 0;
  try {
    const probe = probeKey(plan.request, plan.migration);
    await attempt('deleting the probe object', () => destination.delete(probe), undefined);
    const find = () => ownUploads(plan, destination, jobStore);
    const uploads = await attempt('looking for unfinished uploads', find, []);
    return await abortAll(uploads, destination, attempt);
  } finally {
    destination.close();
  }
}

/** Aborts the uploads, whatever becomes of single ones. Those that stay are one problem, since what a state gives is bounded. */
async function abortAll(
  uploads: readonly UnfinishedUpload[],
  destination: ObjectStore,
  attempt: Attempt,
): Promise<number> {
  const refused: unknown[] = [];
  for (const upload of uploads)
    await destination.abortUpload(upload).catch((error: unknown) => refused.push(error));
  const what = `aborting unfinished uploads (${refused.length} of ${uploads.length} stay)`;
  if (refused.length > 0) await attempt(what, () => Promise.reject(refused[0]), undefined);
  return uploads.length - refused.length;
}

/**
 * Unfinished uploads that began after the migration and whose key the inventory sends there, and those that a record of
 * an object in parts names; other people's stay.
 */
async function ownUploads(
  plan: MigrationPlan,
  destination: ObjectStore,
  jobStore: JobStore,
): Promise<UnfinishedUpload[]> {
  const router = compileRoutes(plan.request);
  const recorded = await recordedUploads(jobStore, plan.folder);
  const ours: UnfinishedUpload[] = [];
  const candidates = new Map<UnfinishedUpload, string[]>();
  for await (const upload of destination.unfinishedUploads(plan.request.destination.prefix)) {
    if (recorded.get(upload.uploadId) === upload.key) {
      ours.push(upload);
      continue;
    }
    const sources = router.sourcesOf(upload.key).map(({ key }) => key);
    if (upload.initiatedAtMs >= plan.createdAtMs - clockSkewMs && sources.length > 0)
      candidates.set(upload, sources);
  }
  const sent = await findTransfers(jobStore, plan.folder, new Set([...candidates.values()].flat()));
  const found = [...candidates].filter(([, keys]) => keys.some((key) => sent.has(key)));
  return [...ours, ...found.map(([upload]) => upload)];
}

/** Stores round the start of an upload to seconds, and their clocks are not ours. */
const clockSkewMs = 60_000;
