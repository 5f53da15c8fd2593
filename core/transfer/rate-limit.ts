import type { Clock } from '../ports.ts';

/** A ceiling on a rate, shared by all that take from it. */
export type RateLimit = {
  /**
   * Resolves when the amount may be used, in the order of asking, or when the signal aborts. What was taken by any time `t`
   * is at most the rate times `t` and one amount: time that nobody used is lost, not saved up.
   */
  take(amount: number, signal: AbortSignal): Promise<void>;
  /** Puts on account what was used beyond what was taken: who comes next waits for it. */
  add(amount: number): void;
};

/** Opens a limit of so much a second. An amount that is larger than that is let through at once, and paid off by those who follow. */
export function openRateLimit(perSecond: number, clock: Clock): RateLimit {
  /** When all that was let through is paid off. */
  let paidAtMs = Number.NEGATIVE_INFINITY;

  function charge(amount: number): number {
    const startMs = Math.max(clock.nowMs(), paidAtMs);
    paidAtMs = startMs + (amount / perSecond) * 1000;
    return startMs;
  }

  return {
    async take(amount, signal) {
      const waitMs = charge(amount) - clock.nowMs();
      if (waitMs > 0) await clock.sleep(waitMs, signal);
    },
    add(amount) {
      charge(amount);
    },
  };
}
