import type { Clock, Log } from '../ports.ts';

/** Why a batch could not go on, and at which side. */
export type Refusal = {
  by: 'credential' | 'blocked' | 'unfit';
  side: 'source' | 'destination' | 'unknown';
  reason: string;
};

/** Whether a worker may take more, given how its last batches ended. */
export type Intake = {
  /** Milliseconds until it opens again; 0 = it is open. */
  pauseMs(): number;
  /** While it is true, one message at a time is taken, as a probe. */
  isProbing(): boolean;
  /** A batch was refused: nothing is taken for a while, longer each time, a minute at most. */
  refuse(refusal: Refusal): void;
  /** A batch went through and is on record: the intake is open. */
  open(): void;
  /** A batch could not be put on record; else it would be copied over and over at full speed. */
  hold(): void;
};

const longestPauseSeconds = 60;

const events = { credential: 'credentials-refused', blocked: 'store-blocked', unfit: 'worker-unfit' };

/** Opens the intake of a worker. A refusal is logged once until something goes through. */
export function openIntake({ clock, log }: { clock: Clock; log: Log }): Intake {
  let openAtMs = 0;
  let refusals = 0;
  function pause(): void {
    // Batches that were under way at the same time are refused together, and count once.
    if (clock.nowMs() < openAtMs) return;
    refusals += 1;
    openAtMs = clock.nowMs() + Math.min(longestPauseSeconds, 2 ** refusals) * 1000;
  }
  let told: Refusal['by'] | null = null;
  return {
    pauseMs: () => Math.max(0, openAtMs - clock.nowMs()),
    isProbing: () => refusals > 0,
    refuse({ by, side, reason }) {
      if (told !== by) log(events[by], { side, reason });
      told = by;
      pause();
    },
    open() {
      refusals = 0;
      told = null;
    },
    hold: pause,
  };
}
