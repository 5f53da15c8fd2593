import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { storeOpener } from '../adapters/aws/open-store.ts';
import { openWorkQueue } from '../adapters/aws/open-work-queue.ts';
import { DiskJobStore } from '../adapters/disk/job-store.ts';
import { systemClock as clock } from '../adapters/system-clock.ts';
import { memoryHere } from '../containers/memory-here.ts';
import type { Ports } from '../functions/step.ts';
import { startChild } from './child.ts';
import { LocalFleet } from './local-fleet.ts';
import { LocalListers } from './local-listers.ts';
import type { LocalRun } from './local-run.ts';
import { startQueueServer } from './queue-server.ts';
import { lockRun } from './run-lock.ts';
import { MigrationWatch } from './watch-migration.ts';

/** Everything that a migration needs on this machine, open. */
export type LocalPlace = {
  ports: Ports;
  fleet: LocalFleet;
  listers: LocalListers;
  watch: MigrationWatch;
  /** Folder of the logs and the events. */
  logs: string;
  /** Kills every lister and worker, also while `close` waits for them to finish. */
  halt(): void;
  /** Ends every process and server that was started; gently lets workers finish what they hold. */
  close(how: 'gently' | 'at-once'): Promise<void>;
};

/** What a lister has for its last page, as a container of ECS has it by default. [src: ECS, stopTimeout] */
const listerGraceSeconds = 30;

/** Messages that one worker is worth: enough to keep it busy while another one starts. */
const batchesPerWorker = 4;

/**
 * Opens the job store, the queue server, the fleet and the listers of one migration in its folder. Throws
 * `StackBusy` while another process has them.
 */
export async function openPlace(run: LocalRun): Promise<LocalPlace> {
  const { migration, pace } = run;
  const out = resolve(run.out);
  const logs = join(out, 'logs', migration);
  await mkdir(logs, { recursive: true });
  const unlock = await lockRun(join(logs, 'running.pid'), migration);
  const jobStore = new DiskJobStore(out);
  const { connection, stop } = await startQueueServer(join(out, 'queues', migration));
  const queue = openWorkQueue(connection, clock);
  const watch = new MigrationWatch(migration, clock.nowMs());
  const environment = {
    JOB_STORE: `disk:${out}`,
    QUEUE_URL: connection.queueUrl,
    FIFO_QUEUE_URL: connection.fifoQueueUrl,
    QUEUE_ENDPOINT: connection.endpoint,
    SECRETS_FILE: resolve(run.secretsFile),
    RCLONE: run.rclone,
  };

  const fleet = new LocalFleet({
    clock,
    most: run.workers,
    batchesPerWorker,
    graceSeconds: pace.drainSeconds + 10,
    counts: async () => {
      const counts = await queue.counts();
      watch.backlog(counts, await fleet.size());
      return counts;
    },
    onNotice: (notice) => watch.notice(notice),
    startWorker: (number) => {
      const name = `worker-${number}`;
      return startChild(
        'worker',
        { ...environment, ...workerEnvironment(run, name) },
        join(logs, `${name}.log`),
        (line) => watch.worker(name, line),
      );
    },
  });
  const listers = new LocalListers({
    clock,
    graceSeconds: listerGraceSeconds,
    onNotice: (notice) => watch.notice(notice),
    start: (of) =>
      startChild(
        'lister',
        {
          ...environment,
          SHARD_ROWS: String(pace.shardRows),
          SPOOL_FOLDER: join(out, 'spool', migration),
          ...of,
        },
        join(logs, 'lister.log'),
        (line) => watch.lister(line),
      ),
  });
  const ports: Ports = {
    jobStore,
    queue,
    secrets: run.secrets,
    fleet,
    listers,
    clock,
    log: (event, fields) => watch.notice(`${event} ${JSON.stringify(fields ?? {})}`),
    history: { states: async () => watch.states() },
    openStore: storeOpener(run.secrets),
    settings: {
      stallAnnounceSeconds: pace.stallAnnounceSeconds,
      stallFailSeconds: pace.stallFailSeconds,
      emptyReads: 3,
      fleetStopSeconds: pace.drainSeconds + 20,
      // The queue, the fleet and the lock are this migration's own.
      stackHolder: null,
    },
  };
  return {
    ports,
    fleet,
    listers,
    watch,
    logs,
    halt() {
      void listers.killAll();
      void fleet.close('at-once');
    },
    async close(how) {
      await Promise.all([how === 'gently' ? listers.stopAll() : listers.killAll(), fleet.close(how)]);
      queue.close();
      await stop();
      await unlock();
    },
  };
}

function workerEnvironment({ pace, workers }: LocalRun, name: string): Record<string, string> {
  return {
    WORKER: name,
    MEMORY_BYTES: String(Math.floor(memoryHere() / workers)),
    FILES_IN_FLIGHT: String(pace.filesInFlight),
    LEASE_SECONDS: String(pace.leaseSeconds),
    POLL_SECONDS: '1',
    MAX_ATTEMPTS: String(pace.maxAttempts),
    RETRY_BASE_SECONDS: String(pace.retryBaseSeconds),
    DRAIN_SECONDS: String(pace.drainSeconds),
    ...(pace.fleetParts && {
      FLEET_PARTS_FROM_BYTES: String(pace.fleetParts.fromBytes),
      FLEET_PART_BYTES: String(pace.fleetParts.partBytes),
      FLEET_RUN_BYTES: String(pace.fleetParts.runBytes),
    }),
  };
}
