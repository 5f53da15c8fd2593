import type { Secrets, WorkQueue } from '../core/ports.ts';
import type { Report } from '../core/report/report.ts';
import type { Json } from './interpret.ts';
import type { ProgressSnapshot } from './progress/snapshot.ts';

/** How patient and how large a local run is; `laptopPace` unless told otherwise. */
export type Pace = {
  pollMs: number;
  leaseSeconds: number;
  filesInFlight: number;
  shardRows: number;
  retryBaseSeconds: number;
  maxAttempts: number;
  drainSeconds: number;
  stallAnnounceSeconds: number;
  stallFailSeconds: number;
  /** How large objects are split; as on AWS unless told. */
  fleetParts?: { fromBytes: number; partBytes: number; runBytes: number };
};

/** Fit for one machine: the queue's counts are exact here, so reads need not be a minute apart. */
export const laptopPace: Pace = {
  pollMs: 500,
  leaseSeconds: 20,
  filesInFlight: 16,
  shardRows: 50_000,
  retryBaseSeconds: 5,
  maxAttempts: 6,
  drainSeconds: 10,
  stallAnnounceSeconds: 600,
  stallFailSeconds: 6 * 3600,
};

export type LocalRun = {
  migration: string;
  request: Json;
  secrets: Secrets;
  /** The file behind `secrets`, for the lister and the workers. */
  secretsFile: string;
  /** Folder of the job store, the queue and the logs. */
  out: string;
  workers: number;
  rclone: string;
  pace: Pace;
  /** First abort: stop cleanly, keep everything for a resume. */
  stop: AbortSignal;
  /** Second abort: stop at once. */
  halt: AbortSignal;
  onProgress(snapshot: ProgressSnapshot): void;
  /** For tests and the demonstration: what may be killed on the way. */
  onRunning?(controls: RunControls): void;
};

/** Handles on a run under way, to break it on purpose. */
export type RunControls = { killWorker(): boolean; killLister(): boolean; queue: WorkQueue };

/** How a local run ended; a report is there whenever the migration came as far as Preflight. */
export type LocalResult = {
  report: Report | null;
  folder: string;
  error: { name: string; message: string } | null;
};
