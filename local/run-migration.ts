import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { storeOpener } from '../adapters/aws/open-store.ts';
import { SqsWorkQueue } from '../adapters/aws/sqs-work-queue.ts';
import { DiskJobStore } from '../adapters/disk/job-store.ts';
import { systemClock as clock } from '../adapters/system-clock.ts';
import { Listing } from '../core/inventory/checkpoint.ts';
import { readShardSummary } from '../core/inventory/shard.ts';
import { jobLayout } from '../core/job-layout.ts';
import { decodeJson } from '../core/json-lines.ts';
import type { Log, Secrets, WorkQueue } from '../core/ports.ts';
import { explainFailure } from '../core/report/explain-failure.ts';
import { Report } from '../core/report/report.ts';
import type { Ports } from '../functions/step.ts';
import { bindSteps } from './bindings.ts';
import { startChild } from './child.ts';
import { eventFile } from './event-file.ts';
import { ExecutionFailed, interpret, type Json, type TaskHandler } from './interpret.ts';
import { IntegrationFailed } from './lambda-error.ts';
import { loadDefinition } from './load-definition.ts';
import { LocalFleet } from './local-fleet.ts';
import { LocalListers } from './local-listers.ts';
import type { ProgressSnapshot } from './progress/snapshot.ts';
import { startQueueServer } from './queue-server.ts';
import { lockRun } from './run-lock.ts';
import { MigrationWatch } from './watch-migration.ts';

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
};

/** Fit for one machine: the queue's counts are exact here, so reads need not be a minute apart. */
export const laptopPace: Pace = {
  pollMs: 500,
  leaseSeconds: 30,
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

/** Pause between two pictures of the progress. */
const pictureMs = 200;

/**
 * Runs a migration through the real state machines on this machine: the same steps, lister, workers and rclone
 * as on AWS, a queue on loopback, and processes in place of instances. Stopped or killed, it resumes when it is run again.
 * Throws `ExecutionStopped` when it was told to stop.
 */
export async function runMigration(run: LocalRun): Promise<LocalResult> {
  const { migration, pace } = run;
  const out = resolve(run.out);
  const logs = join(out, 'logs', migration);
  await mkdir(logs, { recursive: true });
  const unlock = await lockRun(join(logs, 'running.pid'), migration);
  const jobStore = new DiskJobStore(out);
  const server = await startQueueServer(join(out, 'queues', migration));
  const queue = new SqsWorkQueue(
    {
      queueUrl: server.queueUrl,
      region: 'us-east-1',
      endpoint: server.endpoint,
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    },
    clock,
  );
  const watch = new MigrationWatch(migration, clock.nowMs());
  const place = {
    JOB_STORE: `disk:${out}`,
    QUEUE_URL: server.queueUrl,
    QUEUE_ENDPOINT: server.endpoint,
    SECRETS_FILE: resolve(run.secretsFile),
    RCLONE: run.rclone,
  };

  const fleet = new LocalFleet({
    clock,
    most: run.workers,
    batchesPerWorker: 4,
    counts: async () => {
      const counts = await queue.counts();
      watch.backlog(counts, await fleet.size());
      return counts;
    },
    onNotice: (notice) => watch.notice(notice),
    startWorker: (number) =>
      startChild(
        'worker',
        { ...place, ...workerEnvironment(pace, number) },
        join(logs, `worker-${number}.log`),
        (line) => watch.worker(`worker-${number}`, line),
      ),
  });
  const listers = new LocalListers(
    (environment) =>
      startChild(
        'lister',
        { ...place, SHARD_ROWS: String(pace.shardRows), ...environment },
        join(logs, 'lister.log'),
        (line) => watch.lister(line),
      ),
    (notice) => watch.notice(notice),
  );
  run.onRunning?.({ killWorker: () => fleet.killOne(), killLister: () => listers.killOne(), queue });

  const log: Log = (event, fields) => watch.notice(`${event} ${JSON.stringify(fields ?? {})}`);
  const ports: Ports = {
    jobStore,
    queue,
    secrets: run.secrets,
    fleet,
    listers,
    clock,
    log,
    history: { states: async () => watch.states() },
    openStore: storeOpener(run.secrets),
    settings: {
      stallAnnounceSeconds: pace.stallAnnounceSeconds,
      stallFailSeconds: pace.stallFailSeconds,
      emptyReads: 3,
      fleetStopSeconds: pace.drainSeconds + 20,
    },
  };
  const steps = bindSteps(ports);
  const announce = eventFile(join(logs, 'events.jsonl'), (detailType) => {
    if (detailType === 'Migration Stalled') watch.notice('nothing moves: see the worker logs');
  });
  const execution = { id: `local:${migration}`, name: migration };
  const [migrate, drain] = await Promise.all([loadDefinition('migrate'), loadDefinition('drain')]);
  const machine = {
    execution,
    signal: run.stop,
    waitsMs: { 'Wait a minute': pace.pollMs },
    retriesMs: { 'List source': 1000 },
  };

  /** A nested execution, as states:startExecution.sync:2 gives its result. */
  const startDrain: TaskHandler = async (input) => {
    const { Input } = input as { Input: Json };
    try {
      return {
        Status: 'SUCCEEDED',
        Output: await interpret({
          ...machine,
          definition: drain,
          input: Input,
          tasks: { ...steps, 'Announce stall': announce },
        }),
      };
    } catch (error) {
      if (error instanceof ExecutionFailed)
        throw new IntegrationFailed({ Status: 'FAILED', Error: error.error, Cause: error.causeText });
      throw error;
    }
  };
  const tasks = {
    ...steps,
    ...watchVerification(steps, jobStore, watch),
    'List source': listers.runTask,
    Drain: startDrain,
    Announce: announce,
    'Announce refusal': announce,
  };

  const painter = setInterval(() => run.onProgress(watch.snapshot(clock.nowMs())), pictureMs);
  const haltNow = (): void => void fleet.close('at-once');
  run.halt.addEventListener('abort', haltNow, { once: true });
  const startedAtMs = clock.nowMs();
  try {
    const failure = await interpret({
      ...machine,
      definition: migrate,
      input: run.request,
      tasks,
      onState: (event) => watch.state(event),
    }).then(
      () => null,
      (error: unknown) => {
        if (error instanceof ExecutionFailed) return error;
        throw error;
      },
    );
    return await resultOf(jobStore, migration, startedAtMs, failure);
  } finally {
    clearInterval(painter);
    run.halt.removeEventListener('abort', haltNow);
    const atOnce = run.halt.aborted;
    await Promise.all([listers.stopAll(), fleet.close(atOnce ? 'at-once' : 'gently')]);
    run.onProgress(watch.snapshot(clock.nowMs()));
    queue.close();
    await server.stop();
    await unlock();
  }
}

function workerEnvironment(pace: Pace, number: number): Record<string, string> {
  return {
    WORKER: `worker-${number}`,
    FILES_IN_FLIGHT: String(pace.filesInFlight),
    LEASE_SECONDS: String(pace.leaseSeconds),
    POLL_SECONDS: '1',
    MAX_ATTEMPTS: String(pace.maxAttempts),
    RETRY_BASE_SECONDS: String(pace.retryBaseSeconds),
    DRAIN_SECONDS: String(pace.drainSeconds),
  };
}

/** Tells the watch how far the verification is, from the shards that are done. */
function watchVerification(
  steps: Record<string, TaskHandler>,
  jobStore: DiskJobStore,
  watch: MigrationWatch,
): Record<string, TaskHandler> {
  const { 'Plan verification': plan, 'Verify shard': verify } = steps;
  if (plan === undefined || verify === undefined) throw new Error('the verification steps are not bound');
  return {
    'Plan verification': async (input) => {
      const { folder } = input as { folder: string };
      const file = await jobStore.read(jobLayout.listing(folder));
      if (file !== null) {
        const listing = decodeJson(file.bytes, Listing);
        watch.listed(listing.tallies);
        watch.toVerify(listing.listed.objects);
      }
      return plan(input);
    },
    'Verify shard': async (input) => {
      const { folder, shard } = input as { folder: string; shard: string };
      const result = await verify(input);
      watch.verified((await readShardSummary(jobStore, folder, shard)).listed.objects);
      return result;
    },
  };
}

/** Finds the report that this execution wrote; a refusal wrote none. */
async function resultOf(
  jobStore: DiskJobStore,
  migration: string,
  startedAtMs: number,
  failure: ExecutionFailed | null,
): Promise<LocalResult> {
  let found: { report: Report; folder: string } | null = null;
  for (let pass = 1; ; pass++) {
    const folder = jobLayout.passFolder(migration, pass);
    const file = await jobStore.read(jobLayout.report(folder));
    if (file === null) break;
    found = { report: decodeJson(file.bytes, Report), folder };
  }
  const error =
    failure === null
      ? null
      : await explainFailure({ Error: failure.error, Cause: failure.causeText }, async () => null);
  const isOurs = found !== null && Date.parse(found.report.finishedAt) >= startedAtMs;
  if (found === null || !isOurs) return { report: null, folder: jobLayout.passFolder(migration, 1), error };
  return { ...found, error: found.report.error ?? error };
}
