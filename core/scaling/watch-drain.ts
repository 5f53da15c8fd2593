import { z } from 'zod';

const Counts = z.strictObject({ visible: z.int().min(0), inFlight: z.int().min(0), delayed: z.int().min(0) });

/** What the drain remembers from read to read. */
export const DrainWatch = z.strictObject({
  counts: Counts,
  /** Reads in a row that found nothing at all, with the listing finished. */
  emptyReads: z.int().min(0),
  readAtMs: z.int(),
  /** The messages that progress is measured against: two reads in a row must stay below. */
  fewest: z.int().min(0),
  /** When the queue last made progress. */
  changedAtMs: z.int(),
  /** When the stall that lasts was announced; null = none lasts. */
  announcedAtMs: z.int().nullable(),
});
export type DrainWatch = z.infer<typeof DrainWatch>;

/**
 * Compares a read of the queue with the reads before it. Fewer messages are progress and end a stall; messages
 * that change their place are none: under dead credentials the same work goes round for ever. SQS's counts are
 * approximate, so a low or a rise counts only when two reads in a row agree on it. While the listing still
 * sends, any change is progress.
 */
export function watchDrain(
  before: DrainWatch | null,
  read: { counts: z.infer<typeof Counts>; listed: boolean; nowMs: number },
): DrainWatch {
  const { counts, listed, nowMs } = read;
  const messages = sum(counts);
  const previous = before === null ? messages : sum(before.counts);
  const agreed = Math.max(messages, previous);
  const progress = before === null || (listed ? agreed < before.fewest : !isSame(before.counts, counts));
  return {
    counts,
    emptyReads: listed && messages === 0 ? (before?.emptyReads ?? 0) + 1 : 0,
    readAtMs: nowMs,
    fewest: progress ? agreed : Math.max(before.fewest, Math.min(messages, previous)),
    changedAtMs: progress ? nowMs : before.changedAtMs,
    announcedAtMs: progress ? null : before.announcedAtMs,
  };
}

function sum({ visible, inFlight, delayed }: z.infer<typeof Counts>): number {
  return visible + inFlight + delayed;
}

function isSame(a: z.infer<typeof Counts>, b: z.infer<typeof Counts>): boolean {
  return a.visible === b.visible && a.inFlight === b.inFlight && a.delayed === b.delayed;
}
