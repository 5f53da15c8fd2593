import { z } from 'zod';
import { S3ObjectStore } from '../../adapters/aws/s3-object-store.ts';
import type { ObjectSummary } from '../../core/inventory/inventory-row.ts';
import type { TransferCase } from './cases.ts';
import { findPeer } from './peers.ts';
import { startSeaweed } from './seaweed-server.ts';
import { startServerProcess } from './server-process.ts';

const Started = z.strictObject({ endpoint: z.url() });
/** Where servers are warmed up. */
const warmUpBucket = 'used-before';

const Told = z.strictObject({ requests: z.record(z.string(), z.number()) });

/** An S3 server in a process of its own. */
export type BenchStore = {
  endpoint: string;
  bucket: string;
  /** Sets how long every answer takes; gives the requests so far, by operation, or null where nobody counts them. */
  tell(command: { latencyMs?: number }): Promise<Record<string, number> | null>;
  stop(): Promise<void>;
};

/** Starts a server with one empty bucket. Throws when it cannot be started, or was not set up. */
export async function startStore(bucket: string, server?: TransferCase['server']): Promise<BenchStore> {
  if (server === undefined) return startOurs(bucket);
  const weed = await findPeer('weed');
  if (weed === null) throw new Error(`${server} is not set up: npm run bench:setup`);
  const { endpoint, stop } = await startSeaweed(weed);
  const made = await fetch(`${endpoint}/${bucket}`, { method: 'PUT' });
  if (!made.ok) throw new Error(`${server} made no bucket "${bucket}" (${made.status})`);
  return { endpoint, bucket, stop, tell: async () => null };
}

/**
 * One of our S3 servers, which has answered some thousand requests before: a store in use is no program that was started a
 * moment ago. Throws when it says something else than its address.
 */
async function startOurs(bucket: string): Promise<BenchStore> {
  const server = startServerProcess('store-process', [bucket, warmUpBucket]);
  const { endpoint } = Started.parse(await server.next());
  await warmUp(endpoint);
  return {
    endpoint,
    bucket,
    async tell(command) {
      server.send(command);
      return Told.parse(await server.next()).requests;
    },
    stop: server.stop,
  };
}

/** Our own client of such a server; its keys are not looked at. */
export function clientOf({ endpoint, bucket }: Pick<BenchStore, 'endpoint' | 'bucket'>): S3ObjectStore {
  return new S3ObjectStore({
    provider: 'Other',
    bucket,
    region: 'us-east-1',
    endpoint,
    credentials: { accessKeyId: 'any', secretAccessKey: 'anyanyany' },
  });
}

/** Writes and reads small objects in the server's second bucket. */
async function warmUp(endpoint: string): Promise<void> {
  const client = clientOf({ endpoint, bucket: warmUpBucket });
  const left = Array.from({ length: 3000 }, (_, n) => `object-${n}`).values();
  const use = async (): Promise<void> => {
    for (const key of left) {
      await client.put(key, Buffer.alloc(4096), 4096, {});
      await (await client.get(key))?.body.whole?.();
    }
  };
  await Promise.all(Array.from({ length: 16 }, use));
  client.close();
}

/** Fills the bucket with objects of these sizes and tags, and gives what a listing then tells of it. */
export async function fill(
  store: BenchStore,
  { sizes, tags = {} }: Pick<TransferCase, 'sizes' | 'tags'>,
): Promise<ObjectSummary[]> {
  const client = clientOf(store);
  const bytes = Buffer.alloc(Math.max(...sizes), 'drover ');
  const left = sizes.entries();
  const write = async (): Promise<void> => {
    for (const [n, sizeBytes] of left)
      await client.put(`many/${n % 50}/object-${n}`, bytes.subarray(0, sizeBytes), sizeBytes, { tags });
  };
  await Promise.all(Array.from({ length: 16 }, write));
  const listed = await listAll(client);
  client.close();
  return listed;
}

/** Everything in the bucket. */
export async function listAll(client: S3ObjectStore): Promise<ObjectSummary[]> {
  const all: ObjectSummary[] = [];
  for (let after: string | null = null; ; ) {
    const page = await client.listPage({ prefix: '', startAfter: after });
    all.push(...page.objects);
    after = page.objects.at(-1)?.key ?? null;
    if (!page.more) return all;
  }
}
