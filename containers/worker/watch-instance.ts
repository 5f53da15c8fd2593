import type { SpotNotice } from '../../adapters/aws/instance-metadata.ts';
import type { Clock, Log } from '../../core/ports.ts';

/** What is watched, and whom to tell. */
export type WatchParts = {
  metadata: { spotNotice(): Promise<SpotNotice | null>; isBeingTerminated(): Promise<boolean> };
  membership: {
    protect(on: boolean): Promise<void>;
    heartbeat(): Promise<void>;
    complete(): Promise<boolean>;
  };
  clock: Clock;
  log: Log;
  /** Objects that are being copied just now. */
  filesInFlight(): number;
  /** Makes the worker receive no more, and finish what it holds. */
  drain(): void;
  /** Makes the worker give back what it still holds, at once. */
  halt(): void;
  /** Longest time for what is held when the group ends the instance; a Spot notice leaves less. */
  drainSeconds: number;
};

/** How often both notices are looked for; EC2 recommends every 5 seconds. [src: EC2 user guide, Spot interruption notices] */
const pollMs = 5_000;
/** A hook waits at least 30 seconds for a heartbeat and at most two hours; ours must come well within its time-out. */
const heartbeatMs = 60_000;
/** Time that giving back and the last outcome file take before a Spot instance is gone. */
const spotMarginMs = 20_000;
/** A pause between two batches is no idleness; after this long without a copy it is. */
const idleMs = 30_000;

/** A watch that runs. */
export type InstanceWatch = {
  /** Ends the watch when the worker holds nothing any more, and lets the group terminate the instance if it waits to. */
  leave(): Promise<void>;
};

/**
 * Watches over the instance that the worker runs on.
 *
 * - The group ends the instance (scale-in, Clean up, rebalancing): the worker drains, the hook gets heartbeats for as
 *   long, and is completed when nothing is held, so that an empty instance goes at once and a busy one in its time.
 * - Spot takes the instance back, two minutes ahead and with no regard to hooks: the worker drains, and gives back 20
 *   seconds before the end what is not done by then.
 * - In between the group is told to spare the instance from scale-in from its first copy until it has had none
 *   for half a minute. Clean up takes that protection away when the migration is over.
 *
 * What AWS does not answer is logged once until it answers again, and never ends the worker.
 */
export function watchInstance(parts: WatchParts): InstanceWatch {
  const { metadata, membership, clock, log } = parts;
  const ended = new AbortController();
  const state = { terminating: false, leavingAtMs: Infinity, beatAtMs: 0, busyAtMs: -Infinity };
  let protectedNow = false;
  const silent = new Set<string>();

  /** Asks AWS for something; null when that fails. */
  async function ask<Answer>(what: string, call: () => Promise<Answer>): Promise<Answer | null> {
    try {
      const answer = await call();
      silent.delete(what);
      return answer;
    } catch (error) {
      if (!silent.has(what)) log('instance-watch-failed', { what, reason: String(error) });
      silent.add(what);
      return null;
    }
  }

  /** Drains, and halts at that instant; a later notice can only make it earlier. */
  function leaveBy(atMs: number, reason: string): void {
    if (atMs >= state.leavingAtMs) return;
    const seconds = Math.max(0, Math.round((atMs - clock.nowMs()) / 1000));
    state.leavingAtMs = atMs;
    log('instance-leaving', { reason, seconds, filesInFlight: parts.filesInFlight() });
    parts.drain();
  }

  async function lookForNotices(): Promise<void> {
    const spot = await ask('spot', () => metadata.spotNotice());
    if (spot !== null) leaveBy(spot.atMs - spotMarginMs, `spot-${spot.action}`);
    if (state.terminating || (await ask('lifecycle', () => metadata.isBeingTerminated())) !== true) return;
    state.terminating = true;
    state.beatAtMs = clock.nowMs();
    leaveBy(clock.nowMs() + parts.drainSeconds * 1000, 'terminated-by-group');
  }

  async function keepHook(): Promise<void> {
    if (!state.terminating || clock.nowMs() - state.beatAtMs < heartbeatMs) return;
    state.beatAtMs = clock.nowMs();
    await ask('heartbeat', () => membership.heartbeat());
  }

  async function keepProtection(): Promise<void> {
    if (parts.filesInFlight() > 0) state.busyAtMs = clock.nowMs();
    const wanted = clock.nowMs() - state.busyAtMs < idleMs;
    // An instance on its way out cannot be protected any more, and need not be.
    if (wanted === protectedNow || state.leavingAtMs < Infinity) return;
    await ask('protection', async () => {
      await membership.protect(wanted);
      protectedNow = wanted;
    });
  }

  async function run(): Promise<void> {
    while (!ended.signal.aborted) {
      await lookForNotices();
      await keepProtection();
      await keepHook();
      const leftMs = state.leavingAtMs - clock.nowMs();
      if (leftMs <= 0) parts.halt();
      await clock.sleep(leftMs > 0 ? Math.min(pollMs, leftMs) : pollMs, ended.signal);
    }
  }

  const running = run();
  return {
    async leave() {
      ended.abort();
      await running;
      if (!state.terminating) return;
      const waited = await ask('completion', () => membership.complete());
      log('instance-empty', { completed: waited === true });
    },
  };
}
