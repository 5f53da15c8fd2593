import { z } from 'zod';
import { BatchFile } from '../batching/batch.ts';
import { RequestsBySide } from '../requests-made.ts';
import { addTally, noObjects, Tally } from '../transfer/outcome.ts';
import { Decision } from './inventory-row.ts';

/** Objects by what was decided for them. */
export const DecisionTallies = z.record(Decision, Tally);
export type DecisionTallies = z.infer<typeof DecisionTallies>;

/** All objects, whatever was decided. */
export function totalOf(tallies: DecisionTallies): Tally {
  return Object.values(tallies).reduce(addTally, noObjects());
}

/** A part of the key space that is not listed to its end, and the shard that is being filled from it. */
export const OpenRange = z.strictObject({
  /** The last key that was dealt with; null = none yet. */
  cursor: z.string().nullable(),
  /** The end of the range, inclusive; null = the end of the bucket. */
  upTo: z.string().nullable(),
  shard: z.strictObject({
    /** null = no row yet, so that no shard needs to be made of it. */
    index: z.int().min(0).nullable(),
    after: z.string().nullable(),
    pieces: z.int().min(0),
    batches: z.int().min(0),
    listed: Tally,
  }),
  /** Files that wait for their batch to fill. */
  pending: z.array(BatchFile),
  /** The store's own word for what comes behind `cursor`, of a store that pages by nothing else. */
  token: z.string().optional(),
});
export type OpenRange = z.infer<typeof OpenRange>;

/** What the listing took so far. */
export const ListingEffort = z.strictObject({
  /** Ranges that the key space was cut into. */
  ranges: z.int().min(0),
  /** Pages of the source asked for; a listing in one stream takes one for each 1,000 keys. */
  pages: z.int().min(0),
  /** Pages asked for where a range might be cut, on which there was no key. */
  emptyProbes: z.int().min(0),
});
export type ListingEffort = z.infer<typeof ListingEffort>;

/**
 * How far the listing has come: closed shards, which have files of their own, and the open ranges cover the key space.
 * Written only after every batch of the rows before a `cursor` was confirmed by the queue and the rows themselves
 * were stored, so that a killed lister goes on from here: in each open range it sends the batches of the page it died
 * in again, and loses nothing.
 */
export const Checkpoint = z.strictObject({
  version: z.literal(2),
  /** Of the options that decide what is listed and queued: under others it must not be gone on from. */
  options: z.string(),
  ranges: z.array(OpenRange),
  /** The number of the next shard, and lower ones that were given out and not used. */
  shards: z.strictObject({ next: z.int().min(0), unused: z.array(z.int().min(0)) }),
  /** Batches of closed shards. */
  batches: z.int().min(0),
  tallies: DecisionTallies,
  effort: ListingEffort,
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
  effort: ListingEffort,
  requests: z.strictObject({
    source: z.record(z.string(), z.int()),
    destination: z.record(z.string(), z.int()),
  }),
  finishedAtMs: z.int(),
});
export type Listing = z.infer<typeof Listing>;

/** The checkpoint of a listing that has not begun. */
export function beginningOf(options: string): Checkpoint {
  const tallies: DecisionTallies = {
    transfer: noObjects(),
    unchanged: noObjects(),
    kept: noObjects(),
    excluded: noObjects(),
    exception: noObjects(),
  };
  return {
    version: 2,
    options,
    ranges: [
      {
        cursor: null,
        upTo: null,
        shard: { index: null, after: null, pieces: 0, batches: 0, listed: noObjects() },
        pending: [],
      },
    ],
    shards: { next: 0, unused: [] },
    batches: 0,
    tallies,
    effort: { ranges: 1, pages: 0, emptyProbes: 0 },
    requests: { source: {}, destination: {} },
  };
}
