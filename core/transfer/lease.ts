import type { Clock, Log, WorkQueue } from '../ports.ts';
import { longestInFlightSeconds } from './lease-length.ts';

/** What is left of the longest time in flight when `nearsEnd` aborts: enough for messages to be written and sent. */
const nearEndSeconds = 1800;
/** The queue counts from when it took the request to receive, which may wait 20 seconds; its clock is not ours. */
const marginSeconds = 60;

/** A lease that is kept. */
export type Lease = {
  end(): void;
  /** Aborts when the lease is lost, or when no extension was confirmed in time. */
  lost: AbortSignal;
  /** Aborts half an hour before the queue extends the lease no more, 12 hours after the receive. */
  nearsEnd: AbortSignal;
};

/**
 * Extends a message's lease at half its length until `end` is called; an extension that fails is asked for again
 * after an eighth, while the lease still runs. A lost lease is logged once and the
 * work goes on: another worker may do the same keys again, which is harmless, and the settlement stays true.
 * `lost` aborts then, for work that nobody else may do at the same time.
 */
export function keepLease(
  receipt: string,
  leaseSeconds: number,
  { queue, clock, log }: { queue: WorkQueue; clock: Clock; log: Log },
): Lease {
  const ended = new AbortController();
  const lost = new AbortController();
  const nearsEnd = new AbortController();
  const receivedAtMs = clock.nowMs();
  const lastAtMs = receivedAtMs + (longestInFlightSeconds - marginSeconds) * 1000;
  const nearAtMs = receivedAtMs + (longestInFlightSeconds - nearEndSeconds) * 1000;
  let endsAtMs = receivedAtMs + leaseSeconds * 1000;
  const over = AbortSignal.any([ended.signal, lost.signal]);
  void clock.sleep(nearAtMs - receivedAtMs, over).then(() => {
    if (!over.aborted) nearsEnd.abort();
  });
  function lose(): void {
    log('lease-lost', { leaseSeconds });
    lost.abort();
  }
  void (async () => {
    let pauseMs = (leaseSeconds * 1000) / 2;
    for (;;) {
      await clock.sleep(pauseMs, ended.signal);
      if (ended.signal.aborted) return;
      const askedAtMs = clock.nowMs();
      const seconds = Math.min(leaseSeconds, Math.floor((lastAtMs - askedAtMs) / 1000));
      if (seconds <= 0) return lose();
      try {
        if (!(await queue.extend(receipt, seconds))) return lose();
        endsAtMs = askedAtMs + seconds * 1000;
        // The last extension that there is ends with it.
        pauseMs = seconds < leaseSeconds ? endsAtMs - clock.nowMs() : (seconds * 1000) / 2;
      } catch (error) {
        log('lease-extension-failed', { reason: String(error) });
        pauseMs = (leaseSeconds * 1000) / 8;
        if (clock.nowMs() + pauseMs >= endsAtMs) lost.abort();
      }
    }
  })();
  return { end: () => ended.abort(), lost: lost.signal, nearsEnd: nearsEnd.signal };
}
