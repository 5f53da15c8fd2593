import type { BatchFile, BatchMessage } from '../../batching/batch.ts';
import type { Clock, JobStore, Log, ObjectStore, PartUploads, WorkQueue } from '../../ports.ts';
import { StoreError } from '../../store-error.ts';
import type { CopyEnding } from '../copy-failure.ts';

/** How objects are cut and how often they are tried. */
export type PartSettings = {
  /** Objects above this size are split. */
  fleetPartsFromBytes: number;
  leastPartBytes: number;
  runBytes: number;
  maxAttempts: number;
  retryBaseSeconds: number;
};

/** Room for parts in memory: resolves with what gives it back, or with null when the signal aborts before. */
export type PartMemory = { enter(bytes: number, signal: AbortSignal): Promise<(() => void) | null> };

/** What is needed to work on an object in parts. */
export type PartWork = {
  jobStore: JobStore;
  queue: WorkQueue;
  clock: Clock;
  log: Log;
  memory: PartMemory;
  settings: PartSettings;
  source: ObjectStore;
  destination: ObjectStore;
  uploads: PartUploads;
  file: BatchFile;
  batch: BatchMessage;
  signal: AbortSignal;
};

/** What one side answered, and which side it was. */
export class SideFailure extends Error {
  override readonly name = 'SideFailure';
  readonly side: 'source' | 'destination';
  /** What that side threw. */
  readonly of: unknown;
  constructor(side: 'source' | 'destination', of: unknown) {
    super(of instanceof Error ? of.message : String(of));
    this.side = side;
    this.of = of;
  }
}

/** Does something at one side; throws a `SideFailure` with whatever that throws. */
export async function at<T>(side: 'source' | 'destination', call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw error instanceof SideFailure ? error : new SideFailure(side, error);
  }
}

/** Whether the store says that the upload is not there: it was completed, aborted, or never begun. */
export function isUploadGone(error: unknown): boolean {
  const of = error instanceof SideFailure ? error.of : error;
  return of instanceof StoreError && of.code === 'NoSuchUpload';
}

/** The end of a message that has nothing left to do. */
export function handedOn(reason: string): CopyEnding {
  return { result: 'handed-on', reason };
}
