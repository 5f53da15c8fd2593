import type { ProgressSnapshot } from '../../../local/progress/snapshot.ts';

/** The moment at which every sample migration starts: 2026-11-23T08:00:00Z. */
export const startMs = Date.UTC(2026, 10, 23, 8);

/** A snapshot in the middle of the copying, so many seconds after the start, with whatever a test changes. */
export function snapshotAt(seconds: number, changes: Partial<ProgressSnapshot> = {}): ProgressSnapshot {
  return {
    migration: 'archive-2026-11',
    nowMs: startMs + seconds * 1000,
    startedAtMs: startMs,
    states: [
      { name: 'Validate', startedAtMs: startMs, endedAtMs: startMs + 100, failed: false },
      { name: 'List source', startedAtMs: startMs + 100, endedAtMs: null, failed: false },
    ],
    listed: { objects: 2143, bytes: 1_331_439_861_760 },
    listingFinished: true,
    toCopy: { objects: 2000, bytes: 1_000_000_000_000 },
    unchanged: { objects: 43, bytes: 12_884_901_888 },
    excluded: { objects: 100, bytes: 5 },
    copied: { objects: 500, bytes: 250_000_000_000 },
    exceptions: 3,
    retried: 12,
    verified: 0,
    toVerify: 0,
    backlog: { visible: 70, inFlight: 8, delayed: 5 },
    workers: { running: 3, desired: 4 },
    notice: null,
    ...changes,
  };
}
