import { z } from 'zod';
import { asciiOnly } from '../json-text.ts';

/** Secret names of one side; the values are read by whoever needs them, and never written anywhere. */
export const SecretNames = z.strictObject({
  accessKey: z.string().min(1),
  secretKey: z.string().min(1),
  sessionToken: z.string().min(1).optional(),
  endpoint: z.string().min(1).optional(),
});
export type SecretNames = z.infer<typeof SecretNames>;

/**
 * Where a bucket is and how to reach it, without any secret value. `secrets: null` = the default AWS
 * credential chain; `endpoint: null` = the one in `secrets.endpoint`, or Amazon S3 of the region.
 */
export const BucketLocation = z.strictObject({
  provider: z.string().min(1),
  bucket: z.string().min(1),
  region: z.string().min(1),
  endpoint: z.string().nullable(),
  secrets: SecretNames.nullable(),
});
export type BucketLocation = z.infer<typeof BucketLocation>;

/**
 * A folder behind one of rclone's backends, without any secret value: `secret` is the name of the one that holds the
 * remote's options; null = the backend needs none.
 */
export const RcloneLocation = z.strictObject({
  type: z.literal('rclone'),
  backend: z.string().min(1),
  path: z.string(),
  secret: z.string().min(1).nullable(),
});
export type RcloneLocation = z.infer<typeof RcloneLocation>;

/** Where objects come from: a bucket, or whatever else rclone can read. */
export const SourceLocation = z.union([BucketLocation, RcloneLocation]);
export type SourceLocation = z.infer<typeof SourceLocation>;

/** Whether only rclone can read the source. */
export function isRcloneLocation(location: SourceLocation): location is RcloneLocation {
  return 'backend' in location;
}

/** One object to move. What the rules resolved for it is given here; the worker knows no rules. */
export const BatchFile = z.strictObject({
  key: z.string(),
  /** The destination key. */
  to: z.string(),
  sizeBytes: z.int().min(0),
  etag: z.string().nullable(),
  modifiedAtMs: z.int(),
  /** The storage class to write; null = what the destination bucket gives. */
  storageClass: z.string().nullable(),
  /** Added to the source's metadata, winning over it. */
  metadata: z.record(z.string(), z.string()).optional(),
  /** Added to the source's tags, winning over them. */
  tags: z.record(z.string(), z.string()).optional(),
});
export type BatchFile = z.infer<typeof BatchFile>;

/** The share of one large object that a message stands for: see core/transfer/fleet-parts. */
export const PartRun = z.strictObject({
  /** The upload that the parts belong to; its record in the job store tells the source's version and the part size. */
  uploadId: z.string().min(1),
  /** Counts from 0. */
  index: z.int().min(0),
  /** Numbers of the first and the last part of the run, from 1 to 10,000. */
  firstPart: z.int().min(1),
  lastPart: z.int().min(1).max(10_000),
  sizeBytes: z.int().min(1),
});
export type PartRun = z.infer<typeof PartRun>;

const Fields = z.strictObject({
  version: z.literal(1),
  migration: z.string(),
  /** The folder of the job store that the worker writes its outcomes to. */
  folder: z.string(),
  batch: z.string(),
  /** Shard of the inventory that the files belong to; the worker's exceptions are filed under it. */
  shard: z.string(),
  /** Counts from 1; carried here because SQS's receive count also counts lost leases. */
  attempt: z.int().min(1),
  source: SourceLocation,
  destination: z.strictObject({ ...BucketLocation.shape, kmsKeyId: z.string().nullable() }),
  objectTags: z.enum(['copy', 'ignore']),
  limits: z.strictObject({
    /** Per worker, where as many as may run do run; null = none. */
    requestsPerSecond: z.number().positive().nullable(),
    bandwidthBytesPerSecond: z.int().positive().nullable(),
    /** Workers at most, by which the migration's ceilings were divided; left out = they are this worker's own. */
    workers: z.int().min(1).optional(),
  }),
  /** The partition of all its files, under the hash strategy; the message is in that partition's group. */
  partition: z.int().min(0).optional(),
  /** Not to be worked before: queues that keep groups in order know no delay of a single message. */
  notBeforeMs: z.int().optional(),
  files: z.array(BatchFile).min(1),
  /**
   * The copy of its one file outlasted an earlier message, and a worker goes on with it: the name of that worker's word, see
   * core/transfer/held-copy.ts.
   */
  held: z.string().optional(),
  /** Left out: the files are to be copied whole. Given: only these parts of the one file. */
  run: PartRun.optional(),
});

/** A message of the work queue: everything a worker needs, and no secret value. */
export const BatchMessage = Fields.refine(({ run, files }) => run === undefined || files.length === 1, {
  path: ['run'],
  error: 'a run of parts belongs to one file, and the message must name that one only',
});
export type BatchMessage = z.infer<typeof BatchMessage>;

/** SQS bills a message per 64 KiB begun; a batch stays in the first one. [src: SQS pricing] */
export const maxMessageBytes = 64 * 1024;

/**
 * The message as text. Everything outside printable ASCII is escaped: SQS refuses a whole message for
 * one code point such as U+FFFE [src: SendMessage], and escapes make bytes and characters the same count.
 */
export function encodeBatch(message: BatchMessage): string {
  return asciiJson(message);
}

/** JSON in printable ASCII only. */
export function asciiJson(value: unknown): string {
  return asciiOnly(JSON.stringify(value));
}

/** The part of a batch message that is the same for all of a migration. */
export type BatchEnvelope = Omit<
  BatchMessage,
  'batch' | 'shard' | 'attempt' | 'files' | 'partition' | 'notBeforeMs' | 'run'
>;

/**
 * Opens an encoder for the batches of one migration, whose files come as `fileText`: what it gives is what
 * `encodeBatch` gives, but for the order of fields, without writing the envelope again for each batch.
 */
export function openBatchEncoder(envelope: BatchEnvelope) {
  const start = asciiJson(envelope).slice(0, -1);
  return (batch: string, shard: string, fileTexts: readonly string[], partition?: number): string => {
    const ofPartition = partition === undefined ? '' : `,"partition":${partition}`;
    return `${start},"batch":"${batch}","shard":"${shard}","attempt":1${ofPartition},"files":[${fileTexts.join(',')}]}`;
  };
}

/** Parses a message body; throws a zod or syntax error for what is no batch of ours. */
export function decodeBatch(body: string): BatchMessage {
  return BatchMessage.parse(JSON.parse(body));
}
