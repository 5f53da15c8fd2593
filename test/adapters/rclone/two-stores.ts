import { S3ObjectStore } from '../../../adapters/aws/s3-object-store.ts';
import { RcloneCopier } from '../../../adapters/rclone/rclone-copier.ts';
import { RcloneDaemon } from '../../../adapters/rclone/rclone-daemon.ts';
import { systemClock } from '../../../adapters/system-clock.ts';
import type { BatchFile, BatchMessage } from '../../../core/batching/batch.ts';
import type { Log, ObjectProperties, Secrets } from '../../../core/ports.ts';
import { startS3Server } from '../../../local/s3-server/s3-server.ts';
import { rcloneForTests } from '../../support/rclone.ts';

const MiB = 1024 * 1024;

/** Large begins early enough for a test, and parts are the smallest that S3 takes. */
export const tuning = { partsFromBytes: 11 * MiB, partBytes: 5 * MiB };

export const noLimits: BatchMessage['limits'] = { requestsPerSecond: null, bandwidthBytesPerSecond: null };

/** Starts the rclone of the tests. `log` gets what it says about itself. */
export async function startRclone(
  log: Log,
  more: { healthSeconds?: number; idleSeconds?: number; memoryBytes?: number } = {},
) {
  return RcloneDaemon.start({
    rclone: await rcloneForTests(),
    setpriv: null,
    environment: process.env,
    clock: systemClock,
    log,
    ...tuning,
    ...more,
  });
}

/** A bucket on each of two S3 servers, with an rclone between them. */
export async function twoStores() {
  const source = await startS3Server({ buckets: ['source'], credentials: { SOURCEKEY: 'source/secret+1' } });
  const destination = await startS3Server({
    buckets: ['target'],
    credentials: { TARGETKEY: 'target-secret' },
  });
  const values: Record<string, string> = {
    'source-key': 'SOURCEKEY',
    'source-secret': 'source/secret+1',
    'target-key': 'TARGETKEY',
    'target-secret': 'target-secret',
  };
  const cached = { ...values };
  const secrets: Secrets = {
    async read(name, options) {
      if (options?.fresh === true) cached[name] = values[name] ?? '';
      return cached[name] ?? '';
    },
  };
  const from = new S3ObjectStore({
    provider: 'Other',
    bucket: 'source',
    region: 'us-east-1',
    endpoint: source.endpoint,
    credentials: { accessKeyId: 'SOURCEKEY', secretAccessKey: 'source/secret+1' },
  });
  const to = new S3ObjectStore({
    provider: 'Other',
    bucket: 'target',
    region: 'us-east-1',
    endpoint: destination.endpoint,
    credentials: { accessKeyId: 'TARGETKEY', secretAccessKey: 'target-secret' },
  });
  const said: string[] = [];
  const log: Log = (event, fields) => void said.push(JSON.stringify([event, fields]));
  const daemon = await startRclone(log);
  const copierPorts = { daemon, secrets, sourceStore: async () => from, log, ...tuning };
  const copier = new RcloneCopier(copierPorts);

  const batchOf = (file: BatchFile): BatchMessage => ({
    version: 1,
    migration: 'test',
    folder: 'test',
    batch: 'batch',
    shard: 'shard',
    attempt: 1,
    source: {
      provider: 'Other',
      bucket: 'source',
      region: 'us-east-1',
      endpoint: source.endpoint,
      secrets: { accessKey: 'source-key', secretKey: 'source-secret' },
    },
    destination: {
      provider: 'AWS',
      bucket: 'target',
      region: 'us-east-1',
      endpoint: destination.endpoint,
      secrets: { accessKey: 'target-key', secretKey: 'target-secret' },
      kmsKeyId: null,
    },
    objectTags: 'ignore',
    limits: noLimits,
    files: [file],
  });

  return {
    source,
    destination,
    from,
    to,
    values,
    said,
    daemon,
    copierPorts,
    copier,
    batchOf,
    /** Stores an object at the source and gives the file that a lister would make of it. */
    async put(key: string, bytes: Uint8Array, properties: ObjectProperties = {}): Promise<BatchFile> {
      await from.put(key, bytes, bytes.byteLength, properties);
      const details = await from.head(key);
      if (details === null) throw new Error(`the source did not keep ${key}`);
      const { sizeBytes, etag, modifiedAtMs } = details;
      return { key, to: key, sizeBytes, etag, modifiedAtMs, storageClass: null };
    },
    copy(file: BatchFile, changes: Partial<BatchMessage> = {}, signal = new AbortController().signal) {
      return copier.copy(file, { ...batchOf(file), ...changes }, signal);
    },
    /** The bytes of an object at the destination, or null. */
    async arrived(key: string): Promise<Buffer | null> {
      const object = await to.get(key);
      if (object === null) return null;
      const chunks: Uint8Array[] = [];
      for await (const chunk of object.body) chunks.push(chunk);
      return Buffer.concat(chunks);
    },
    forgetRequests() {
      source.requests.reset();
      destination.requests.reset();
    },
    async close() {
      await daemon.stop();
      from.close();
      to.close();
      await Promise.all([source.stop(), destination.stop()]);
    },
  };
}

/** Bytes that differ from place to place, so that a part in the wrong place is seen. */
export function unevenBytes(sizeBytes: number): Buffer {
  const bytes = Buffer.alloc(sizeBytes);
  for (let at = 0; at + 4 <= sizeBytes; at += 4) bytes.writeUInt32LE((at * 2654435761) >>> 0, at);
  return bytes;
}
