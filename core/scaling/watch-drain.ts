import { z } from 'zod';

const Counts = z.strictObject({ visible: z.int().min(0), inFlight: z.int().min(0), delayed: z.int().min(0) });

/** What the drain remembers from read to read. */
export const DrainWatch = z.strictObject({
  counts: Counts,
  /** Reads in a row that found nothing at all, with the listing finished. */
  emptyReads: z.int().min(0),
  readAtMs: z.int(),
  /** When the counts last changed. */
  changedAtMs: z.int(),
  /** When the stall that lasts was announced; null = none lasts. */
  announcedAtMs: z.int().nullable(),
});
export type DrainWatch = z.infer<typeof DrainWatch>;

/** Compares a read of the queue with the reads before it. Any change of the counts is progress and ends a stall. */
export function watchDrain(
  before: DrainWatch | null,
  read: { counts: z.infer<typeof Counts>; listed: boolean; nowMs: number },
): DrainWatch {
  const { counts, listed, nowMs } = read;
  const empty = listed && counts.visible + counts.inFlight + counts.delayed === 0;
  const changed =
    before === null ||
    before.counts.visible !== counts.visible ||
    before.counts.inFlight !== counts.inFlight ||
    before.counts.delayed !== counts.delayed;
  return {
    counts,
    emptyReads: empty ? (before?.emptyReads ?? 0) + 1 : 0,
    readAtMs: nowMs,
    changedAtMs: changed ? nowMs : before.changedAtMs,
    announcedAtMs: changed ? null : before.announcedAtMs,
  };
}
