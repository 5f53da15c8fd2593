import type { Clock } from '../ports.ts';

/** A ceiling on a rate, shared by all that take from it. */
export type RateLimit = {
  /** Makes it so much a second from now on; null = no ceiling. What was let through before stays as it was counted. */
  setRate(perSecond: number | null): void;
  /**
   * Resolves when the amount may be used, in the order of asking, or when the signal aborts. What was taken by any time `t`
   * is at most the rate times `t` and one amount: time that nobody used is lost, not saved up.
   */
  take(amount: number, signal: AbortSignal): Promise<void>;
  /** Puts on account what was used beyond what was taken: who comes next waits for it. */
  add(amount: number): void;
};

/** Opens a limit, without a ceiling at first. An amount that is larger than a second's is let through at once, and paid off by those who follow. */
export function openRateLimit(clock: Clock, perSecond: number | null = null): RateLimit {
  let rate = perSecond;
  /** When all that was let through is paid off. */
  let paidAtMs = Number.NEGATIVE_INFINITY;

  function charge(amount: number): number {
    const startMs = Math.max(clock.nowMs(), paidAtMs);
    if (rate !== null) paidAtMs = startMs + (amount / rate) * 1000;
    return startMs;
  }

  return {
    setRate(perSecond) {
      rate = perSecond;
    },
    async take(amount, signal) {
      const waitMs = charge(amount) - clock.nowMs();
      if (waitMs > 0) await clock.sleep(waitMs, signal);
    },
    add(amount) {
      charge(amount);
    },
  };
}
