import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3ObjectStore } from '../../adapters/aws/s3-object-store.ts';
import { SecretsFile } from '../../adapters/disk/secrets-file.ts';
import { systemClock } from '../../adapters/system-clock.ts';
import type { ObjectProperties, ObjectStore } from '../../core/ports.ts';
import type { Json } from '../../local/interpret.ts';
import { type LocalResult, laptopPace, type Pace, type RunControls } from '../../local/local-run.ts';
import type { ProgressSnapshot } from '../../local/progress/snapshot.ts';
import { runMigration } from '../../local/run-migration.ts';
import { type S3Server, startS3Server } from '../../local/s3-server/s3-server.ts';
import { rcloneForTests } from './rclone.ts';

/** Laptop pace, but nobody waits for what would heal by itself. */
export const testPace: Pace = {
  ...laptopPace,
  pollMs: 100,
  retryBaseSeconds: 1,
  leaseSeconds: 4,
  drainSeconds: 5,
};

export const sourceKeys = {
  accessKey: 'SOURCEACCESSKEY01',
  secretKey: 'source-secret-never-to-be-seen-71c2',
};
export const destinationKeys = {
  accessKey: 'DESTINATIONKEY01',
  secretKey: 'destination-secret-never-to-be-seen-9a4e',
};

export type RunOptions = {
  migration?: string;
  pace?: Partial<Pace>;
  workers?: number;
  stop?: AbortSignal;
  halt?: AbortSignal;
  /** Called with every picture of the progress and the means to break things. */
  during?(snapshot: ProgressSnapshot, controls: RunControls): void;
};

/** Two S3 servers with a bucket each, a folder, a secrets file: everything that a whole migration needs. */
export type TwoBuckets = {
  source: S3Server;
  destination: S3Server;
  from: ObjectStore;
  to: ObjectStore;
  out: string;
  secretsFile: string;
  request: Record<string, Json> & { source: Record<string, Json>; destination: Record<string, Json> };
  put(key: string, body: string | Uint8Array, properties?: ObjectProperties): Promise<void>;
  writeSecrets(changes?: Record<string, string>): Promise<void>;
  migrate(options?: RunOptions): Promise<LocalResult>;
  close(): Promise<void>;
};

/** Opens servers and stores; the test closes them. `minimumPartBytes`: of the destination, 5 MiB unless told. */
export async function twoBuckets(options: { minimumPartBytes?: number } = {}): Promise<TwoBuckets> {
  const out = await mkdtemp(join(tmpdir(), 'drover-test-'));
  const source = await startS3Server({
    buckets: ['from-here'],
    credentials: { [sourceKeys.accessKey]: sourceKeys.secretKey },
  });
  const destination = await startS3Server({
    ...options,
    buckets: ['to-there'],
    credentials: { [destinationKeys.accessKey]: destinationKeys.secretKey },
  });
  const store = (server: S3Server, bucket: string, keys: typeof sourceKeys): ObjectStore =>
    new S3ObjectStore({
      provider: 'Other',
      bucket,
      region: 'us-east-1',
      endpoint: server.endpoint,
      credentials: { accessKeyId: keys.accessKey, secretAccessKey: keys.secretKey },
    });
  const from = store(source, 'from-here', sourceKeys);
  const to = store(destination, 'to-there', destinationKeys);
  const secretsFile = join(out, 'secrets.json');
  const rclone = await rcloneForTests();
  const request = {
    source: { bucket: 'from-here' },
    destination: {
      bucket: 'to-there',
      endpoint: destination.endpoint,
      secrets: { accessKey: '/to/access', secretKey: '/to/secret' },
    },
  };

  async function writeSecrets(changes: Record<string, string> = {}): Promise<void> {
    const values = {
      '/migration/source_access_key': sourceKeys.accessKey,
      '/migration/source_secret_key': sourceKeys.secretKey,
      '/migration/source_endpoint': source.endpoint,
      '/to/access': destinationKeys.accessKey,
      '/to/secret': destinationKeys.secretKey,
      ...changes,
    };
    await writeFile(secretsFile, JSON.stringify(values), { mode: 0o600 });
  }
  await writeSecrets();

  return {
    source,
    destination,
    from,
    to,
    out,
    secretsFile,
    request,
    writeSecrets,
    async put(key, body, properties = {}) {
      const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
      await from.put(key, bytes, bytes.length, properties);
    },
    async migrate(options = {}) {
      let controls: RunControls | null = null;
      const never = new AbortController().signal;
      return runMigration({
        migration: options.migration ?? 'test',
        request,
        secrets: new SecretsFile(secretsFile),
        secretsFile,
        out,
        workers: options.workers ?? 1,
        rclone,
        pace: { ...testPace, ...options.pace },
        stop: options.stop ?? never,
        halt: options.halt ?? never,
        onRunning: (given) => {
          controls = given;
        },
        onProgress: (snapshot) => {
          if (controls !== null) options.during?.(snapshot, controls);
        },
      });
    },
    async close() {
      from.close();
      to.close();
      await Promise.all([source.stop(), destination.stop()]);
      // A process that was killed a moment ago may still be closing a file.
      await systemClock.sleep(20);
      await rm(out, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Every object of a bucket: its key and its bytes. */
export async function contentOf(store: ObjectStore): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (let startAfter: string | null = null; ; ) {
    const page: Awaited<ReturnType<ObjectStore['listPage']>> = await store.listPage({
      prefix: '',
      startAfter,
    });
    for (const { key } of page.objects) found.set(key, await bodyOf(store, key));
    startAfter = page.objects.at(-1)?.key ?? null;
    if (!page.more) return found;
  }
}

/** An object's bytes, one character each. */
export async function bodyOf(store: ObjectStore, key: string): Promise<string> {
  const object = await store.get(key);
  if (object === null) throw new Error(`there is no ${JSON.stringify(key)}`);
  const chunks: Uint8Array[] = [];
  for await (const chunk of object.body) chunks.push(chunk);
  return Buffer.concat(chunks).toString('latin1');
}
