import type { Clock, Log, WorkQueue } from '../ports.ts';

/**
 * Extends a message's lease at half its length until `end` is called; an extension that fails is asked for again
 * after an eighth, while the lease still runs. A lost lease is logged once and the
 * work goes on: another worker may do the same keys again, which is harmless, and the settlement stays true.
 */
export function keepLease(
  receipt: string,
  leaseSeconds: number,
  { queue, clock, log }: { queue: WorkQueue; clock: Clock; log: Log },
): { end(): void } {
  const ended = new AbortController();
  void (async () => {
    let pauseMs = (leaseSeconds * 1000) / 2;
    for (;;) {
      await clock.sleep(pauseMs, ended.signal);
      if (ended.signal.aborted) return;
      try {
        if (!(await queue.extend(receipt, leaseSeconds))) {
          log('lease-lost', { leaseSeconds });
          return;
        }
        pauseMs = (leaseSeconds * 1000) / 2;
      } catch (error) {
        log('lease-extension-failed', { reason: String(error) });
        pauseMs = (leaseSeconds * 1000) / 8;
      }
    }
  })();
  return { end: () => ended.abort() };
}
