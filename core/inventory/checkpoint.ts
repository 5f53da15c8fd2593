import { z } from 'zod';
import { BatchFile } from '../batching/batch.ts';
import { RequestsBySide } from '../requests-made.ts';
import { Tally } from '../transfer/outcome.ts';
import { Decision } from './inventory-row.ts';

/** Objects by what was decided for them. */
export const DecisionTallies = z.record(Decision, Tally);
export type DecisionTallies = z.infer<typeof DecisionTallies>;

/**
 * How far the listing has come. Written only after every batch of the rows before `cursor` was confirmed by
 * the queue and the rows themselves were stored, so that a killed lister goes on from here: it sends the
 * batches of the page it died in again, and loses nothing.
 */
export const Checkpoint = z.strictObject({
  version: z.literal(1),
  /** The last key that was dealt with; null = none yet. */
  cursor: z.string().nullable(),
  /** The shard that is being filled. */
  shard: z.strictObject({
    index: z.int().min(0),
    after: z.string().nullable(),
    pieces: z.int().min(0),
    listed: Tally,
  }),
  /** Files that wait for their batch to fill. */
  pending: z.array(BatchFile),
  batches: z.int().min(0),
  tallies: DecisionTallies,
  requests: RequestsBySide,
});
export type Checkpoint = z.infer<typeof Checkpoint>;

/** The result of a finished listing; its file's existence says that the listing is complete. */
export const Listing = z.strictObject({
  version: z.literal(1),
  shards: z.int().min(1),
  batches: z.int().min(0),
  listed: Tally,
  tallies: DecisionTallies,
  requests: z.strictObject({
    source: z.record(z.string(), z.int()),
    destination: z.record(z.string(), z.int()),
  }),
  finishedAtMs: z.int(),
});
export type Listing = z.infer<typeof Listing>;
