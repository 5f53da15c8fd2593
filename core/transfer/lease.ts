import type { Clock, Log, WorkQueue } from '../ports.ts';

/**
 * Extends a message's lease at half its length until `end` is called; an extension that fails is asked for again
 * after an eighth, while the lease still runs. A lost lease is logged once and the
 * work goes on: another worker may do the same keys again, which is harmless, and the settlement stays true.
 * `lost` aborts then, for work that nobody else may do at the same time; also when no extension was confirmed in time.
 */
export function keepLease(
  receipt: string,
  leaseSeconds: number,
  { queue, clock, log }: { queue: WorkQueue; clock: Clock; log: Log },
): { end(): void; lost: AbortSignal } {
  const ended = new AbortController();
  const lost = new AbortController();
  let endsAtMs = clock.nowMs() + leaseSeconds * 1000;
  void (async () => {
    let pauseMs = (leaseSeconds * 1000) / 2;
    for (;;) {
      await clock.sleep(pauseMs, ended.signal);
      if (ended.signal.aborted) return;
      const askedAtMs = clock.nowMs();
      try {
        if (!(await queue.extend(receipt, leaseSeconds))) {
          log('lease-lost', { leaseSeconds });
          lost.abort();
          return;
        }
        endsAtMs = askedAtMs + leaseSeconds * 1000;
        pauseMs = (leaseSeconds * 1000) / 2;
      } catch (error) {
        log('lease-extension-failed', { reason: String(error) });
        pauseMs = (leaseSeconds * 1000) / 8;
        if (clock.nowMs() + pauseMs >= endsAtMs) lost.abort();
      }
    }
  })();
  return { end: () => ended.abort(), lost: lost.signal };
}
