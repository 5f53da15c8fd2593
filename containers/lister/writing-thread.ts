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

/**
 * V8's bounds of the thread. Young space: with the lister's 16 MiB it took 30 to 40 MiB more of memory, and no less time. Old
 * space: V8 collects it at the latest when half of so much hangs on it in buffers, which compressed files do until then; with the
 * lister's bound the process had 343 to 367 MiB at ten million keys instead of 299 to 326. The thread itself holds less than 30.
 * [src: V8, Heap::external_memory_hard_limit]
 */
const threadFlags = ['--max-semi-space-size=2', '--max-old-space-size=64'];

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
  // V8's flags bound every thread of a process, whatever its own limits say. Read when a thread begins, these leave the lister
  // the spaces that it has.
  for (const flag of threadFlags) setFlagsFromString(flag);
  const thread = new Worker(new URL(import.meta.url), {
    workerData: { writesInto: { JOB_STORE, AWS_REGION } } satisfies z.infer<typeof Started>,
  });
  return await ThreadedJobStore.open(near, thread);
}

if (started.success && parentPort !== null) serveJobStore(openJobStore(started.data.writesInto), parentPort);
