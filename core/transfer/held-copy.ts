import { z } from 'zod';
import type { BatchFile, BatchMessage } from '../batching/batch.ts';
import { jobLayout } from '../job-layout.ts';
import { decodeJson, encodeJson } from '../json-lines.ts';
import type { Clock, JobStore, Log } from '../ports.ts';

/** What a worker says of a copy that outlasts its message: that it goes on, or that its outcome is on record. */
export const HeldCopy = z.strictObject({
  worker: z.string(),
  state: z.enum(['copying', 'settled']),
  /** When the worker last said so. */
  atMs: z.int(),
});
export type HeldCopy = z.infer<typeof HeldCopy>;

/** Between two words of a worker that its copy goes on. */
const beatMs = 300_000;
/** A worker that has said nothing for so long is lost with its copy. */
const silentMs = 4 * beatMs;
/** Whoever receives the message of such a copy looks again after this; SQS delays a message no longer. [src: SQS API reference, DelaySeconds] */
export const lookAgainSeconds = 900;

/** A copy that goes on under a message of its own. */
export type HeldOn = {
  /** The message that stands for it; whoever receives it copies the file only where this worker is lost. */
  message: BatchMessage;
  /** Says that its outcome is on record: its message has nothing left to do. */
  settled(): Promise<void>;
};

/**
 * Puts on record that this worker goes on copying a file of the batch, and goes on saying so until `over` aborts. Throws
 * what the job store throws at the first word; later ones that fail are said in the log.
 */
export async function holdOn(
  file: BatchFile,
  batch: BatchMessage,
  name: string,
  over: AbortSignal,
  { jobStore, clock, log, worker }: { jobStore: JobStore; clock: Clock; log: Log; worker: string },
): Promise<HeldOn> {
  const path = jobLayout.heldCopy(batch.folder, name);
  const say = async (state: HeldCopy['state']): Promise<void> => {
    await jobStore.write(path, encodeJson({ worker, state, atMs: clock.nowMs() } satisfies HeldCopy));
  };
  await say('copying');
  const beating = (async () => {
    for (;;) {
      await clock.sleep(beatMs, over);
      if (over.aborted) return;
      await say('copying').catch((error: unknown) => log('held-copy-unsaid', { reason: String(error) }));
    }
  })();
  return {
    message: { ...batch, files: [file], held: name },
    async settled() {
      await beating;
      await say('settled');
    },
  };
}

/** Whether a worker goes on with any copy that outlasted its message. */
export async function isAnyHeld(
  folder: string,
  { jobStore, clock }: { jobStore: JobStore; clock: Clock },
): Promise<boolean> {
  for await (const path of jobStore.list(jobLayout.heldCopies(folder)))
    if ((await wordAt(path, { jobStore, clock })) === 'copying') return true;
  return false;
}

/** Whether another worker still has the copy that the message stands for, has ended it, or is lost. */
export async function lookAtHeld(
  batch: BatchMessage,
  { jobStore, clock }: { jobStore: JobStore; clock: Clock },
): Promise<'copying' | 'settled' | 'lost'> {
  if (batch.held === undefined) return 'lost';
  return wordAt(jobLayout.heldCopy(batch.folder, batch.held), { jobStore, clock });
}

async function wordAt(
  path: string,
  { jobStore, clock }: { jobStore: JobStore; clock: Clock },
): Promise<'copying' | 'settled' | 'lost'> {
  const file = await jobStore.read(path);
  if (file === null) return 'lost';
  const { state, atMs } = decodeJson(file.bytes, HeldCopy);
  if (state === 'settled') return 'settled';
  return clock.nowMs() - atMs < silentMs ? 'copying' : 'lost';
}
