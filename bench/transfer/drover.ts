import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { localQueue, SqsWorkQueue } from '../../adapters/aws/sqs-work-queue.ts';
import { DiskJobStore } from '../../adapters/disk/job-store.ts';
import { systemClock } from '../../adapters/system-clock.ts';
import { memoryHere } from '../../containers/memory-here.ts';
import { type BatchMessage, encodeBatch } from '../../core/batching/batch.ts';
import { fileToMove } from '../../core/batching/file-to-move.ts';
import { openPacker } from '../../core/batching/pack-batches.ts';
import { decodeLines } from '../../core/json-lines.ts';
import { OutcomeLine } from '../../core/transfer/outcome-file.ts';
import { type LogLine, startChild } from '../../local/child.ts';
import { watchTree } from './process-tree.ts';
import { startServerProcess } from './server-process.ts';
import type { BenchStore } from './stores.ts';
import type { Job, Measured, Subject } from './subject.ts';

const folder = 'migrations/bench';
const QueuePlace = z.strictObject({ endpoint: z.url(), queueUrl: z.url() });
const secrets = { accessKey: 'access', secretKey: 'secret' };

/** Who moves small objects: the worker as it is, rclone alone, or the worker's own requests up to any size; or on how small a machine. */
const ways = {
  '': {},
  ' by rclone': { DIRECT_UP_TO_BYTES: '0' },
  ' direct': { DIRECT_UP_TO_BYTES: `${1024 ** 4}` },
  ' in 2 GiB': { MEMORY_BYTES: `${2 * 1024 ** 3}` },
};

/** Drover's own workers, as processes, on a queue and with the job store on disk; the batches are there at once. */
export function drover(workers: number, way: keyof typeof ways = ''): Subject {
  return {
    name: `drover x${workers}${way}`,
    copiesTags: true,
    unable: async () => null,
    async run(job) {
      const out = await mkdtemp(join(tmpdir(), 'drover-bench-'));
      const server = startServerProcess('queue-process');
      const connection = QueuePlace.parse(await server.next());
      const queue = new SqsWorkQueue({ ...localQueue, ...connection }, systemClock);
      try {
        return await measure(job, { workers, settings: ways[way] }, out, connection, queue);
      } finally {
        queue.close();
        await server.stop();
        await rm(out, { recursive: true, force: true, maxRetries: 5 });
      }
    },
  };
}

async function measure(
  job: Job,
  { workers, settings }: { workers: number; settings: Readonly<Record<string, string>> },
  out: string,
  connection: { endpoint: string; queueUrl: string },
  queue: SqsWorkQueue,
): Promise<Measured> {
  const secretsFile = join(out, 'secrets.json');
  await writeFile(secretsFile, JSON.stringify({ access: 'any', secret: 'anyanyany' }), { mode: 0o600 });
  const started = Promise.withResolvers<void>();
  const settled = Promise.withResolvers<void>();
  const finished = new Map<number, number>();
  let running = 0;
  let queueRequests = 0;
  const hear = (worker: number) => (line: LogLine) => {
    if (line.event === 'worker-started' && ++running === workers) started.resolve();
    if (line.event === 'worker-stopped') queueRequests += sumOf(line.queueRequests);
    if (line.event !== 'settled') return;
    finished.set(worker, objectsOf(line.copied));
    const all = [...finished.values()].reduce((sum, each) => sum + each, 0);
    if (all >= job.listed.length) settled.resolve();
  };
  const environment = {
    JOB_STORE: `disk:${out}`,
    QUEUE_URL: connection.queueUrl,
    QUEUE_ENDPOINT: connection.endpoint,
    SECRETS_FILE: secretsFile,
    RCLONE: job.rclone,
    FILES_IN_FLIGHT: `${job.filesInFlight}`,
    MEMORY_BYTES: `${Math.floor(memoryHere() / workers)}`,
    ...settings,
  };
  const fleet = Array.from({ length: workers }, (_, n) =>
    startChild('worker', { ...environment, WORKER: `w${n}` }, join(out, `worker-${n}.log`), hear(n)),
  );
  const late = AbortSignal.timeout(job.mostSeconds * 1000);
  late.addEventListener('abort', () => {
    const reason = new Error(`it had not finished after ${job.mostSeconds} s`);
    started.reject(reason);
    settled.reject(reason);
  });
  try {
    const messages = batchesOf(job).map((batch) => ({ body: encodeBatch(batch) }));
    await started.promise;
    // Workers stand still while the queue is filled: the queue's server and client would take half of the cores from them.
    for (const { pid } of fleet) process.kill(-pid, 'SIGSTOP');
    await queue.send(messages);
    const watch = watchTree(fleet.map(({ pid }) => pid));
    const startedAtMs = Date.now();
    for (const { pid } of fleet) process.kill(-pid, 'SIGCONT');
    await settled.promise;
    const usage = watch.end();
    for (const worker of fleet) worker.stop();
    await Promise.all(fleet.map(({ ended }) => ended));
    const log = await readOutcomes(out);
    const seconds = (log.lastAtMs - startedAtMs) / 1000;
    return { seconds, ...usage, queueRequests, outcomeFiles: log.files };
  } finally {
    for (const worker of fleet) worker.kill();
    await Promise.all(fleet.map(({ ended }) => ended));
  }
}

/** Full batches, as the lister packs them. */
function batchesOf({ listed, source, destination, tagged }: Job): BatchMessage[] {
  const at = ({ bucket, endpoint }: BenchStore) => ({
    provider: 'Other',
    bucket,
    region: 'us-east-1',
    endpoint,
    secrets,
  });
  const packer = openPacker({ maxObjects: 20, maxBytes: 8 * 1024 ** 3, messageBytes: 60_000 });
  const packed = listed.flatMap((object) =>
    packer.add(
      fileToMove(object, {
        to: object.key,
        renamedBy: -1,
        storageClass: null,
        tags: undefined,
        metadata: undefined,
      }),
    ),
  );
  return [...packed, ...packer.flush()].map(({ files }, n) => ({
    version: 1,
    migration: 'bench',
    folder,
    batch: `0000-${n}`,
    shard: '0000',
    attempt: 1,
    source: at(source),
    destination: { ...at(destination), kmsKeyId: null },
    objectTags: tagged ? 'copy' : 'ignore',
    limits: { requestsPerSecond: null, bandwidthBytesPerSecond: null },
    files: [...files],
  }));
}

/** Files of the outcome log, and when the last object was confirmed. */
async function readOutcomes(out: string): Promise<{ files: number; lastAtMs: number }> {
  const store = new DiskJobStore(out);
  let files = 0;
  let lastAtMs = 0;
  for await (const path of store.list(`${folder}/outcomes/`)) {
    files += 1;
    const file = await store.read(path);
    for (const line of file === null ? [] : decodeLines(file.bytes, OutcomeLine))
      if ('endedAtMs' in line) lastAtMs = Math.max(lastAtMs, line.endedAtMs);
  }
  return { files, lastAtMs };
}

function sumOf(counts: unknown): number {
  return typeof counts !== 'object' || counts === null
    ? 0
    : Object.values(counts).reduce<number>((sum, each) => sum + Number(each), 0);
}

function objectsOf(copied: unknown): number {
  return typeof copied === 'object' && copied !== null && 'objects' in copied ? Number(copied.objects) : 0;
}
