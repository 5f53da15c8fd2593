import type { ObjectSummary } from '../../core/inventory/inventory-row.ts';
import type { Usage } from './process-tree.ts';
import type { BenchStore } from './stores.ts';

/** One run: everything at the source goes to the empty destination. */
export type Job = {
  source: BenchStore;
  destination: BenchStore;
  listed: readonly ObjectSummary[];
  filesInFlight: number;
  /** Whether objects have tags that are to arrive. */
  tagged: boolean;
  mostSeconds: number;
  rclone: string;
};

/** What a run took, beside what the servers counted. */
export type Measured = Usage & { seconds: number; queueRequests?: number; outcomeFiles?: number };

/** Whom we measure. `unable` is a sentence on why it cannot do this job, or null. */
export type Subject = {
  name: string;
  copiesTags?: boolean;
  unable(): Promise<string | null>;
  run(job: Job): Promise<Measured>;
};
