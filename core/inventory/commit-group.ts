import type { Clock } from '../ports.ts';

/** How often a group writes. */
export type CommitPace = {
  clock: Clock;
  /** From the begin of a write to the begin of the next, while not everybody waits for it. */
  leastMs: number;
  /** How many may ask at the same time: when so many wait, nobody else can come, and the write begins at once. */
  askers(): number;
};

type Group = { asked: number; full: AbortController; served: Promise<void> };

/**
 * Many writers, one record: `commit` resolves when a write that began after the call has ended well. Writes follow
 * one another, not more often than the pace says, and each serves all who asked before it began. Rejects with what the
 * write threw.
 */
export function openCommitGroup(
  write: () => Promise<void>,
  { clock, leastMs, askers }: CommitPace,
): { commit(): Promise<void> } {
  let running: Promise<void> | null = null;
  let next: Group | null = null;
  let beganAtMs = Number.NEGATIVE_INFINITY;

  const restMs = () => beganAtMs + leastMs - clock.nowMs();

  function begin(): Promise<void> {
    next = null;
    beganAtMs = clock.nowMs();
    running = write().finally(() => {
      running = null;
    });
    return running;
  }

  async function serve(full: AbortSignal): Promise<void> {
    await running?.catch(() => undefined);
    if (restMs() > 0) await clock.sleep(restMs(), full);
    await begin();
  }

  function openGroup(): Group {
    const full = new AbortController();
    return { asked: 0, full, served: serve(full.signal) };
  }

  return {
    commit() {
      if (running === null && next === null && restMs() <= 0) return begin();
      next ??= openGroup();
      const { full, served } = next;
      next.asked += 1;
      if (next.asked >= askers()) full.abort();
      return served;
    },
  };
}
