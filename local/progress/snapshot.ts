import type { Tally } from '../../core/transfer/outcome.ts';

/** One state of the migration as it is entered and left; the states of the drain machine are not shown. */
export type StateSeen = { name: string; startedAtMs: number; endedAtMs: number | null; failed: boolean };

/** What a person who watches a migration wants to know at one instant. Counters only: the verdict is the report's. */
export type ProgressSnapshot = {
  migration: string;
  nowMs: number;
  startedAtMs: number;
  states: readonly StateSeen[];
  /** What the listing has shown so far. */
  listed: Tally;
  listingFinished: boolean;
  /** Of the listed: what has to be copied, what the destination has already, what is not selected. */
  toCopy: Tally;
  unchanged: Tally;
  excluded: Tally;
  /** Copied by the workers of this run (attempts that succeeded; repairs and duplicates count again). */
  copied: Tally;
  /** Keys that workers or the lister gave up on. */
  exceptions: number;
  /** Keys that went back to the queue for a later attempt. */
  retried: number;
  /** Objects that the verification has found at the destination, and how many it has to look at. */
  verified: number;
  toVerify: number;
  /** Messages in the queue. */
  backlog: { visible: number; inFlight: number; delayed: number };
  workers: { running: number; desired: number };
  /** The last remarkable thing that happened (a worker died, a stall, a retry), in one line; null = nothing. */
  notice: string | null;
};
