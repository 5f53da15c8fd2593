import { mkdtemp } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { openWorkQueue } from '../adapters/aws/open-work-queue.ts';
import { S3ObjectStore } from '../adapters/aws/s3-object-store.ts';
import { localQueue } from '../adapters/aws/sqs-work-queue.ts';
import { systemClock } from '../adapters/system-clock.ts';
import { openWritingThread } from '../containers/lister/writing-thread.ts';
import { openJobStore } from '../containers/place.ts';
import { listSource } from '../core/inventory/list-source.ts';
import type { MigrationPlan } from '../core/migration.ts';
import type { WorkQueue } from '../core/ports.ts';
import { parseRequest } from '../core/request.ts';

/**
 * The listing of one bucket as the lister does it: inventory, checkpoints and batches included. The job store is that of
 * JOB_STORE, or a folder that is left behind in TMPDIR. Messages go to QUEUE_URL; left out = a queue that takes every batch at
 * once and forgets it, and what SQS's client costs is not measured.
 * Arguments: endpoint, source bucket, destination bucket, requests at once.
 */
const [endpoint = '', sourceBucket = '', destinationBucket = '', most = '64'] = process.argv.slice(2);
const folder = await mkdtemp(join(tmpdir(), 'drover-listing-'));
const open = (bucket: string) =>
  new S3ObjectStore(
    {
      provider: 'Other',
      bucket,
      region: 'us-east-1',
      endpoint,
      credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
    },
    { maxSockets: 2 * Number(most), maxAttempts: 2 },
  );
const request = parseRequest({
  source: { bucket: sourceBucket, endpoint, secrets: { accessKey: 'any', secretKey: 'any' } },
  destination: { bucket: destinationBucket, endpoint, secrets: { accessKey: 'any', secretKey: 'any' } },
});
const plan: MigrationPlan = {
  version: 1,
  migration: 'bench',
  folder: `migrations/bench-${process.pid}`,
  createdAtMs: 0,
  request,
  capabilities: { listing: 'v2', sourceEtagIsMd5: true, destinationEtagIsMd5: true, sourceTags: false },
  objectTags: 'ignore',
  requests: { source: {}, destination: {} },
};
const { JOB_STORE = `disk:${folder}`, QUEUE_URL } = process.env;
const jobStorePlace = { JOB_STORE, AWS_REGION: 'us-east-1' };
const jobStore = await openWritingThread(openJobStore(jobStorePlace), jobStorePlace, availableParallelism());
const forgetting: WorkQueue = {
  takesGroups: false,
  send: async () => undefined,
  receive: async () => [],
  extend: async () => true,
  release: async () => undefined,
  delete: async () => undefined,
  counts: async () => ({ visible: 0, inFlight: 0, delayed: 0 }),
  requestsMade: () => ({}),
  close: () => undefined,
};
const queue =
  QUEUE_URL === undefined
    ? forgetting
    : openWorkQueue({ ...localQueue, queueUrl: QUEUE_URL, endpoint: new URL(QUEUE_URL).origin }, systemClock);
// What a listing takes, without the start of Node.
const before = { cpu: process.cpuUsage(), ms: performance.now() };
const listing = await listSource({
  plan,
  source: open(sourceBucket),
  destination: open(destinationBucket),
  queue,
  jobStore,
  clock: systemClock,
  log: () => undefined,
  shardRows: 250_000,
  pace: { most: Number(most), requestsPerSecond: null },
  checkpoint: null,
  stop: new AbortController().signal,
});
process.stdout.write(
  `${JSON.stringify({ objects: listing?.listed.objects, shards: listing?.shards, batches: listing?.batches, ...listing?.effort, ...taken() })}\n`,
);
process.exit(0);

function taken() {
  const { user, system } = process.cpuUsage(before.cpu);
  return { cpuSeconds: (user + system) / 1e6, seconds: (performance.now() - before.ms) / 1000 };
}
