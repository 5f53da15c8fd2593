import { setFlagsFromString } from 'node:v8';
import { parentPort, Worker, workerData } from 'node:worker_threads';
import { z } from 'zod';
import { serveJobStore } from '../../adapters/thread/serve-job-store.ts';
import { ThreadedJobStore } from '../../adapters/thread/threaded-job-store.ts';
import type { JobStore } from '../../core/ports.ts';
import { openJobStore, type PlaceEnvironment } from '../place.ts';

type Place = Pick<PlaceEnvironment, 'JOB_STORE' | 'AWS_REGION'>;

/** What a thread of ours is started with; whatever else runs this file in a thread gives something else. */
const Started = z.strictObject({
  writesInto: z.strictObject({ JOB_STORE: z.string(), AWS_REGION: z.string() }),
});
const started = Started.safeParse(workerData);

/** Whether this is the thread that writes, and not the lister. The bundle is one file, which both run. */
export const isWritingThread = started.success;

/** Room for what is young in the thread: with the lister's 16 it took 30 to 40 MiB more of memory, and no less time. */
const youngMiB = 2;

/**
 * Opens the job store of the lister: on two cores or more it compresses and writes the inventory in a thread of its own, for the
 * lister itself has one thread and no time to lose. Measured in bench/README.md.
 */
export async function openWritingThread(
  near: JobStore,
  { JOB_STORE, AWS_REGION }: Place,
  cores: number,
): Promise<JobStore> {
  if (cores < 2) return near;
  // V8's flags bound every thread of a process, whatever its own limits say. Read when a thread begins, this one leaves the lister
  // the young space that it has; the thread needs a fraction of it, and frees what it encoded the sooner.
  setFlagsFromString(`--max-semi-space-size=${youngMiB}`);
  const thread = new Worker(new URL(import.meta.url), {
    workerData: { writesInto: { JOB_STORE, AWS_REGION } } satisfies z.infer<typeof Started>,
  });
  return await ThreadedJobStore.open(near, thread);
}

if (started.success && parentPort !== null) serveJobStore(openJobStore(started.data.writesInto), parentPort);
