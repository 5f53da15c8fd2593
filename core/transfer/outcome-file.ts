import { z } from 'zod';
import { RequestsBySide } from '../requests-made.ts';
import { OutcomeRow, Tally } from './outcome.ts';
import { ThroughputBucket } from './throughput.ts';

/**
 * What a worker has done since it started; the last line of each of its outcome files, so that the newest
 * file of a worker tells the whole. For watching and for the bill, never for the verdict.
 */
export const WorkerTotals = z.strictObject({
  worker: z.string(),
  startedAtMs: z.int(),
  copied: Tally,
  exceptions: z.int().min(0),
  retried: z.int().min(0),
  requests: RequestsBySide,
  throughput: z.array(ThroughputBucket),
});
export type WorkerTotals = z.infer<typeof WorkerTotals>;

/** A line of an outcome file: a key's outcome, or the worker's totals. */
export const OutcomeLine = z.union([OutcomeRow, z.strictObject({ totals: WorkerTotals })]);
export type OutcomeLine = z.infer<typeof OutcomeLine>;
