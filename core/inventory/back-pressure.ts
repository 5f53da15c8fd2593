import type { Clock, Log, WorkQueue } from '../ports.ts';

/** The listing pauses while more messages than this wait: days of work, and far from their 14 days of retention. */
const mostWaiting = 1_000_000;
/** The queue is asked for its counts each time so many messages were sent. */
const lookEvery = 5_000;
const pauseMs = 15_000;

/** Keeps a listing from running ahead of its workers without bound. */
export type BackPressure = {
  /** Resolves at once, or when the queue has shrunk enough, after so many messages were sent. */
  sent(messages: number): Promise<void>;
};

/**
 * Opens the back-pressure of a listing. All who call while the queue is too long wait for the same thing; the signal ends
 * the wait. Rejects with what the queue throws.
 */
export function openBackPressure(parts: {
  queue: Pick<WorkQueue, 'counts'>;
  clock: Clock;
  log: Log;
  signal: AbortSignal;
  mostWaiting?: number;
}): BackPressure {
  const { queue, clock, log, signal } = parts;
  const most = parts.mostWaiting ?? mostWaiting;
  let sinceLook = 0;
  let easing: Promise<void> | null = null;

  async function ease(): Promise<void> {
    for (let paused = false; !signal.aborted; ) {
      const { visible } = await queue.counts();
      if (visible <= (paused ? most * 0.8 : most)) return;
      if (!paused) log('listing-paused', { waiting: visible, most });
      paused = true;
      await clock.sleep(pauseMs, signal);
    }
  }

  return {
    async sent(messages) {
      sinceLook += messages;
      if (sinceLook >= Math.min(lookEvery, most) && easing === null) {
        sinceLook = 0;
        easing = ease().finally(() => {
          easing = null;
        });
      }
      await easing;
    },
  };
}
