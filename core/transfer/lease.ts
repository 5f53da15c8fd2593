import type { Clock, Log, WorkQueue } from '../ports.ts';

/**
 * Extends a message's lease at half its length until `end` is called. A lost lease is logged once and the
 * work goes on: another worker may do the same keys again, which is harmless, and the settlement stays true.
 */
export function keepLease(
  receipt: string,
  leaseSeconds: number,
  { queue, clock, log }: { queue: WorkQueue; clock: Clock; log: Log },
): { end(): void } {
  const ended = new AbortController();
  void (async () => {
    for (;;) {
      await clock.sleep((leaseSeconds * 1000) / 2, ended.signal);
      if (ended.signal.aborted) return;
      const kept = await queue.extend(receipt, leaseSeconds).catch((error: unknown) => {
        log('lease-extension-failed', { reason: String(error) });
        return true;
      });
      if (!kept) {
        log('lease-lost', { leaseSeconds });
        return;
      }
    }
  })();
  return { end: () => ended.abort() };
}
