import { z } from 'zod';
import { ListingError, thrownAgain } from '../core/inventory/listing-error.ts';
import { jobLayout } from '../core/job-layout.ts';
import { decodeJson } from '../core/json-lines.ts';
import type { JobStore } from '../core/ports.ts';
import { DrainWatch, watchDrain } from '../core/scaling/watch-drain.ts';
import { clock, jobStore, queue, settings } from './aws-ports.ts';
import { MigrationAddress } from './migration-address.ts';
import { onLambda } from './on-lambda.ts';
import { type Ports, type StepSettings, step } from './step.ts';

const Verdict = z.enum(['drained', 'draining', 'stalled', 'given-up']);

/**
 * Reads the queue once and compares with the reads before: is everything drained, does it move, has it stalled
 * for so long that somebody must be told, or that it must end?
 * Throws what the lister ended in, where another lister would fail of the same.
 */
export const readBacklog = step({
  input: MigrationAddress.extend({ watch: DrainWatch.nullable(), polls: z.int().min(0) }),
  output: MigrationAddress.extend({ watch: DrainWatch, polls: z.int(), verdict: Verdict }),
  async run(
    { migration, folder, watch: before, polls },
    { queue, jobStore, clock, settings }: Pick<Ports, 'queue' | 'jobStore' | 'clock' | 'settings'>,
  ) {
    const listed = (await jobStore.read(jobLayout.listing(folder))) !== null;
    if (!listed) await refuseFinalError(jobStore, folder);
    const counts = await queue.counts();
    const watch = watchDrain(before, { counts, listed, nowMs: clock.nowMs() });
    const verdict = judgeWatch(watch, settings);
    if (verdict === 'stalled') watch.announcedAtMs = watch.readAtMs;
    return { migration, folder, polls: polls + 1, watch, verdict };
  },
});

/** Nothing waits for batches of a listing that nobody will finish. */
async function refuseFinalError(jobStore: JobStore, folder: string): Promise<void> {
  const file = await jobStore.read(jobLayout.listingError(folder));
  if (file === null) return;
  const words = decodeJson(file.bytes, ListingError);
  if (words.final) throw thrownAgain(words);
}

export const handler = onLambda(readBacklog, { clock, jobStore, queue, settings });

function judgeWatch(watch: DrainWatch, settings: StepSettings): z.infer<typeof Verdict> {
  const stillSeconds = (watch.readAtMs - watch.changedAtMs) / 1000;
  if (watch.emptyReads >= settings.emptyReads) return 'drained';
  if (stillSeconds >= settings.stallFailSeconds) return 'given-up';
  return stillSeconds >= settings.stallAnnounceSeconds && watch.announcedAtMs === null
    ? 'stalled'
    : 'draining';
}
