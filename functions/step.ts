import type { z } from 'zod';
import type { BucketLocation } from '../core/batching/batch.ts';
import type {
  Clock,
  ExecutionHistory,
  Fleet,
  JobStore,
  ListerTasks,
  ListingWay,
  Log,
  ObjectStore,
  Secrets,
  WorkQueue,
} from '../core/ports.ts';

/** Where the steps run: the ports of AWS in a Lambda, those of one machine locally. */
export type Ports = {
  jobStore: JobStore;
  queue: WorkQueue;
  secrets: Secrets;
  fleet: Fleet;
  listers: ListerTasks;
  history: ExecutionHistory;
  clock: Clock;
  log: Log;
  /** Opens a bucket with the credentials as they are now. The caller closes it. */
  openStore(location: BucketLocation, options?: { listing?: ListingWay }): Promise<ObjectStore>;
  settings: StepSettings;
};

/** What differs between places and is no part of a request; durations in seconds. */
export type StepSettings = {
  /** A queue that does not change for this long is announced as stalled. */
  stallAnnounceSeconds: number;
  /** A queue that does not change for this long ends the migration. */
  stallFailSeconds: number;
  /** Reads of an empty queue in a row before it counts as drained; SQS's counts settle within a minute. */
  emptyReads: number;
  /** Longest wait for the fleet to be gone. */
  fleetStopSeconds: number;
  /** The file in the job store that says who has the stack; null where every migration has one of its own. */
  stackHolder: string | null;
};

/** One Task of a state machine as a value: what it takes, what it gives, what it does, and which ports it needs for that. */
export type Step<Input extends z.ZodType, Output extends z.ZodType, Needs> = {
  readonly input: Input;
  readonly output: Output;
  run(input: z.output<Input>, ports: Needs): Promise<z.input<Output>>;
};

/** Declares a step; only for its types. */
export function step<Input extends z.ZodType, Output extends z.ZodType, Needs>(
  declared: Step<Input, Output, Needs>,
): Step<Input, Output, Needs> {
  return declared;
}

/** Any step, for tables of them. */
export type AnyStep = Step<z.ZodType, z.ZodType, Ports>;

/** Performs a step as Lambda does, schemas of both ends included; the local runner calls this too. */
export async function perform<Input extends z.ZodType, Output extends z.ZodType, Needs>(
  declared: Step<Input, Output, Needs>,
  event: unknown,
  ports: Needs,
): Promise<z.output<Output>> {
  return declared.output.parse(await declared.run(declared.input.parse(event), ports));
}
