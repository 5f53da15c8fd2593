import type { Clock, Log } from '../ports.ts';
import { StoreError } from '../store-error.ts';
import { adaptConcurrency, type Concurrency } from '../transfer/concurrency.ts';

/** Bounds on how the source is asked for pages. */
export type ListingPace = {
  /** Pages asked for at the same time, at most. */
  most: number;
  /** Requests a second, at most; null = no ceiling. */
  requestsPerSecond: number | null;
};

/** Admits requests to a store, and repeats those that may succeed later. */
export type ListingGate = {
  /** Throws what the call threw: after it has been tried for some minutes, or at once where trying again is no use or the signal has aborted. */
  ask<Answer>(call: () => Promise<Answer>): Promise<Answer>;
  /** Requests that may be under way now. */
  allowed(): number;
};

const mostTries = 12;
const firstPauseMs = 250;
const longestPauseMs = 30_000;
const mayHeal = new Set(['throttled', 'unreachable', 'failed']);

/**
 * Opens a gate: a store that asks for fewer requests halves those under way, and each round of successes adds one
 * (see `adaptConcurrency`), so that the listing settles at what the source bears.
 */
export function openListingGate(
  pace: ListingPace,
  { clock, log, signal }: { clock: Clock; log: Log; signal: AbortSignal },
): ListingGate {
  let concurrency: Concurrency = { files: pace.most, endedSince: 0 };
  let underWay = 0;
  let nextAtMs = 0;
  const waiting: (() => void)[] = [];

  function admit(): void {
    while (underWay < concurrency.files && waiting.length > 0) {
      underWay += 1;
      waiting.shift()?.();
    }
  }

  function enter(): Promise<void> {
    return new Promise((resolve) => {
      waiting.push(resolve);
      admit();
    });
  }

  /** Spaces requests evenly, so that the ceiling holds for every second and not only on average. */
  async function keepPace(): Promise<void> {
    if (pace.requestsPerSecond === null) return;
    const nowMs = clock.nowMs();
    const atMs = Math.max(nowMs, nextAtMs);
    nextAtMs = atMs + 1000 / pace.requestsPerSecond;
    if (atMs > nowMs) await clock.sleep(atMs - nowMs, signal);
  }

  function learn(seen: 'copied' | 'throttled'): void {
    const before = concurrency.files;
    concurrency = adaptConcurrency(concurrency, seen, pace.most);
    if (concurrency.files < before) log('listing-slowed', { requestsAtOnce: concurrency.files });
  }

  async function once<Answer>(call: () => Promise<Answer>): Promise<Answer> {
    await enter();
    try {
      await keepPace();
      const answer = await call();
      learn('copied');
      return answer;
    } catch (error) {
      if (error instanceof StoreError && error.kind === 'throttled') learn('throttled');
      throw error;
    } finally {
      underWay -= 1;
      admit();
    }
  }

  return {
    allowed: () => concurrency.files,
    async ask(call) {
      for (let tries = 1; ; tries++) {
        try {
          return await once(call);
        } catch (error) {
          const heals = error instanceof StoreError && mayHeal.has(error.kind);
          if (!heals || tries === mostTries || signal.aborted) throw error;
          log('listing-retried', { tries, reason: error.message });
          await clock.sleep(Math.min(longestPauseMs, firstPauseMs * 2 ** (tries - 1)), signal);
        }
      }
    },
  };
}
