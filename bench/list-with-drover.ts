import { mkdtemp } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3ObjectStore } from '../adapters/aws/s3-object-store.ts';
import { DiskJobStore } from '../adapters/disk/job-store.ts';
import { systemClock } from '../adapters/system-clock.ts';
import { openWritingThread } from '../containers/lister/writing-thread.ts';
import { listSource } from '../core/inventory/list-source.ts';
import type { MigrationPlan } from '../core/migration.ts';
import { parseRequest } from '../core/request.ts';

/**
 * The listing of one bucket as the lister does it: inventory, checkpoints and batches included, into a job store on disk.
 * The queue takes every batch at once and forgets it: what SQS and its client cost is not measured here. The job store is
 * left behind in TMPDIR.
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
  folder: 'migrations/bench',
  createdAtMs: 0,
  request,
  capabilities: { listing: 'v2', sourceEtagIsMd5: true, destinationEtagIsMd5: true, sourceTags: false },
  objectTags: 'ignore',
  requests: { source: {}, destination: {} },
};
const jobStorePlace = { JOB_STORE: `disk:${folder}`, AWS_REGION: 'us-east-1' };
const jobStore = await openWritingThread(new DiskJobStore(folder), jobStorePlace, availableParallelism());
let batches = 0;
// What a listing takes, without the start of Node.
const before = { cpu: process.cpuUsage(), ms: performance.now() };
const listing = await listSource({
  plan,
  source: open(sourceBucket),
  destination: open(destinationBucket),
  queue: {
    takesGroups: false,
    send: async (messages) => {
      batches += messages.length;
    },
    receive: async () => [],
    extend: async () => true,
    release: async () => undefined,
    delete: async () => undefined,
    counts: async () => ({ visible: 0, inFlight: 0, delayed: 0 }),
    requestsMade: () => ({}),
    close: () => undefined,
  },
  jobStore,
  clock: systemClock,
  log: () => undefined,
  shardRows: 250_000,
  pace: { most: Number(most), requestsPerSecond: null },
  checkpoint: null,
  stop: new AbortController().signal,
});
process.stdout.write(
  `${JSON.stringify({ objects: listing?.listed.objects, shards: listing?.shards, batches, ...listing?.effort, ...taken() })}\n`,
);
process.exit(0);

function taken() {
  const { user, system } = process.cpuUsage(before.cpu);
  return { cpuSeconds: (user + system) / 1e6, seconds: (performance.now() - before.ms) / 1000 };
}
