import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { WalkStopped } from '../../adapters/rclone/walk-backend.ts';
import { Checkpoint, Listing } from '../../core/inventory/checkpoint.ts';
import { listSource } from '../../core/inventory/list-source.ts';
import { listingErrorOf } from '../../core/inventory/listing-error.ts';
import { jobLayout } from '../../core/job-layout.ts';
import { decodeJson, encodeJson } from '../../core/json-lines.ts';
import { destinationLocation, listingPace, MigrationPlan } from '../../core/migration.ts';
import { logLines } from '../log-lines.ts';
import { watchParent } from '../parent.ts';
import { openPlace, PlaceEnvironment, readEnvironment } from '../place.ts';
import { openSource } from './open-source.ts';
import { isWritingThread, openWritingThread } from './writing-thread.ts';

const Environment = PlaceEnvironment.extend({
  MIGRATION: z.string().min(1),
  FOLDER: z.string().min(1),
  /** Rows of a shard; one verification reads it within a Lambda's 15 minutes. */
  SHARD_ROWS: z.coerce.number().int().min(1).default(250_000),
  /** Pages of the source asked for at the same time, at most. */
  REQUESTS_AT_ONCE: z.coerce.number().int().min(1).max(1000).default(64),
  /** What the task has of Fargate's CPU, 1,024 a core; left out = all cores that this process may use. */
  CPU_UNITS: z.coerce.number().int().min(1).optional(),
  /** The rclone binary, 1.60 or later; needed for sources of type "rclone" only. */
  RCLONE: z.string().min(1).optional(),
  /** util-linux's setpriv: rclone then dies with this process, even when it is killed. */
  SETPRIV: z.string().optional(),
  /** A folder on a disk of this machine for listings that have to be sorted; see openSource. */
  SPOOL_FOLDER: z.string().min(1).default(join(tmpdir(), 'drover-spool')),
});

/** [src: Amazon ECS, task definition parameters, cpu] */
const cpuUnitsOfCore = 1024;

/** Exit code of a lister that was told to stop before the end: it is to be started again. */
const stoppedExitCode = 75;

/**
 * Lists the source of one migration and queues what has to be copied. Exits 0 when the listing is complete, 75
 * when it was told to stop (SIGTERM; the checkpoint is stored), 1 when it failed of what may heal, and 0 when another lister
 * would fail of the same: its last words are in the job store then, and "Read backlog" fails by them.
 */
async function main(): Promise<number> {
  const environment = readEnvironment(Environment, process.env);
  const { MIGRATION: migration, FOLDER: folder, SHARD_ROWS: shardRows } = environment;
  const { REQUESTS_AT_ONCE: requestsAtOnce } = environment;
  // The listing repeats requests itself, so that it learns of each that the source refuses.
  const place = openPlace(environment, { maxAttempts: 2, maxSockets: 2 * requestsAtOnce });
  const { jobStore, queue, clock, log } = place;
  const { CPU_UNITS: cpuUnits } = environment;
  // A task sees the cores of the machine below it.
  const cores = cpuUnits === undefined ? availableParallelism() : cpuUnits / cpuUnitsOfCore;
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());
  watchParent(() => stop.abort());
  try {
    const finished = await jobStore.read(jobLayout.listing(folder));
    if (finished !== null) {
      const { listed, tallies } = decodeJson(finished.bytes, Listing);
      log('listed', { ...listed, tallies });
      log('listing-found', { migration });
      return 0;
    }
    const planFile = await jobStore.read(jobLayout.plan(folder));
    if (planFile === null) throw new Error(`there is no plan at ${jobStore.address(jobLayout.plan(folder))}`);
    const plan = decodeJson(planFile.bytes, MigrationPlan);
    const kept = await jobStore.read(jobLayout.checkpoint(folder));
    const checkpoint =
      kept === null ? null : { value: decodeJson(kept.bytes, Checkpoint), version: kept.version };
    log('listing-started', { migration, resumed: checkpoint !== null });
    const source = await openSource(plan, {
      place,
      spoolFolder: environment.SPOOL_FOLDER,
      rclone: environment.RCLONE ?? null,
      setpriv: environment.SETPRIV ?? null,
      requestsAtOnce,
      openRanges: checkpoint?.value.ranges ?? [],
      stop: stop.signal,
    });
    const destination = await place.openStore(destinationLocation(plan.request));
    const listing = await listSource({
      plan,
      source: source.store,
      destination,
      queue,
      // For the listing alone: a lister whose thread has died still leaves its last words.
      jobStore: await openWritingThread(jobStore, environment, cores),
      clock,
      log,
      shardRows,
      pace: listingPace(plan.request, requestsAtOnce),
      checkpoint,
      stop: stop.signal,
    });
    await source.close(listing !== null);
    log(listing === null ? 'listing-stopped' : 'listing-finished', { migration, listed: listing?.listed });
    return listing === null ? stoppedExitCode : 0;
  } catch (error) {
    if (error instanceof WalkStopped) {
      log('listing-stopped', { migration });
      return stoppedExitCode;
    }
    const words = listingErrorOf(error);
    log('listing-failed', words);
    await jobStore.write(jobLayout.listingError(folder), encodeJson(words));
    // A state cannot tell exit codes apart and would start five more listers: "Read backlog" fails by these words.
    return words.final ? 0 : 1;
  }
}

if (!isWritingThread) {
  try {
    process.exit(await main());
  } catch (error) {
    logLines('lister-broken', { reason: String(error) });
    process.exit(1);
  }
}
