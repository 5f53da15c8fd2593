import { z } from 'zod';
import { ListingError, thrownAgain } from '../core/inventory/listing-error.ts';
import { jobLayout } from '../core/job-layout.ts';
import { decodeJson, encodeJson } from '../core/json-lines.ts';
import type { JobStore } from '../core/ports.ts';
import { FleetCount, nextCount } from '../core/scaling/fleet-share.ts';
import { DrainWatch, watchDrain } from '../core/scaling/watch-drain.ts';
import { isAnyHeld } from '../core/transfer/held-copy.ts';
import { clock, fleet, jobStore, queue, settings } from './aws-ports.ts';
import { MigrationAddress } from './migration-address.ts';
import { onLambda } from './on-lambda.ts';
import { type Ports, type StepSettings, step } from './step.ts';

const Verdict = z.enum(['drained', 'draining', 'stalled', 'given-up']);

/**
 * Reads the queue once and compares with the reads before: is everything drained, does it move, has it stalled
 * for so long that somebody must be told, or that it must end? Leaves the number of workers for those that share a ceiling.
 * Throws what the lister ended in, where another lister would fail of the same.
 */
export const readBacklog = step({
  input: MigrationAddress.extend({ watch: DrainWatch.nullable(), polls: z.int().min(0) }),
  output: MigrationAddress.extend({ watch: DrainWatch, polls: z.int(), verdict: Verdict }),
  async run(
    { migration, folder, watch: before, polls },
    ports: Pick<Ports, 'queue' | 'jobStore' | 'clock' | 'settings' | 'fleet' | 'log'>,
  ) {
    const { queue, jobStore, clock, settings } = ports;
    const listed = (await jobStore.read(jobLayout.listing(folder))) !== null;
    if (!listed) await refuseFinalError(jobStore, folder);
    const counts = await queue.counts();
    const watch = watchDrain(before, { counts, listed, nowMs: clock.nowMs() });
    await countFleet(folder, ports);
    const judged = judgeWatch(watch, settings);
    // One object may take longer than patience lasts; its worker says that it goes on.
    const verdict = judged === 'given-up' && (await isAnyHeld(folder, ports)) ? 'draining' : judged;
    if (verdict === 'stalled') watch.announcedAtMs = watch.readAtMs;
    return { migration, folder, polls: polls + 1, watch, verdict };
  },
});

/** The queue is read far more often on one machine, where nobody wants the same count over and over. */
const countEveryMs = 30_000;

/**
 * Says how many workers there are to those that share a ceiling. Whoever hears nothing takes the share that is safe, so
 * that a count which fails is no reason to end a migration.
 */
async function countFleet(
  folder: string,
  { fleet, jobStore, clock, log }: Pick<Ports, 'fleet' | 'jobStore' | 'clock' | 'log'>,
): Promise<void> {
  const path = jobLayout.fleetCount(folder);
  try {
    const file = await jobStore.read(path);
    const before = file === null ? null : decodeJson(file.bytes, FleetCount);
    const { desired, running } = await fleet.size();
    const workers = Math.max(desired, running);
    const nowMs = clock.nowMs();
    if (before?.workers === workers && nowMs - before.readAtMs < countEveryMs) return;
    await jobStore.write(path, encodeJson(nextCount(before, workers, nowMs)));
  } catch (error) {
    log('fleet-uncounted', { reason: String(error) });
  }
}

/** Nothing waits for batches of a listing that nobody will finish. */
async function refuseFinalError(jobStore: JobStore, folder: string): Promise<void> {
  const file = await jobStore.read(jobLayout.listingError(folder));
  if (file === null) return;
  const words = decodeJson(file.bytes, ListingError);
  if (words.final) throw thrownAgain(words);
}

export const handler = onLambda(readBacklog, { clock, fleet, jobStore, queue, settings });

function judgeWatch(watch: DrainWatch, settings: StepSettings): z.infer<typeof Verdict> {
  const stillSeconds = (watch.readAtMs - watch.changedAtMs) / 1000;
  if (watch.emptyReads >= settings.emptyReads) return 'drained';
  if (stillSeconds >= settings.stallFailSeconds) return 'given-up';
  return stillSeconds >= settings.stallAnnounceSeconds && watch.announcedAtMs === null
    ? 'stalled'
    : 'draining';
}
