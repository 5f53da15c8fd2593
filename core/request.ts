import { z } from 'zod';
import { SecretNames } from './batching/batch.ts';
import { bytesFromText } from './byte-size.ts';
import { InvalidRequest } from './errors.ts';
import { explainIssues } from './explain-issues.ts';
import { Bucket, Endpoint, Prefix } from './request-fields.ts';
import { refuseWithRclone, type S3Source, Source } from './request-source.ts';
import { globProblem } from './rules/glob.ts';

/** Secret names of the stack's own placeholders, used when a request names none. */
export const defaultSourceSecrets = {
  accessKey: '/migration/source_access_key',
  secretKey: '/migration/source_secret_key',
  endpoint: '/migration/source_endpoint',
} as const;

/** Storage classes that PutObject takes. [src: S3 API reference, PutObject x-amz-storage-class] */
export const StorageClass = z.enum(
  [
    'STANDARD',
    'INTELLIGENT_TIERING',
    'STANDARD_IA',
    'ONEZONE_IA',
    'GLACIER_IR',
    'GLACIER',
    'DEEP_ARCHIVE',
    'REDUCED_REDUNDANCY',
  ],
  {
    error:
      'must be one of STANDARD, INTELLIGENT_TIERING, STANDARD_IA, ONEZONE_IA, GLACIER_IR, GLACIER, DEEP_ARCHIVE',
  },
);

const Glob = z.string().superRefine((pattern, context) => {
  const problem = globProblem(pattern);
  if (problem !== null) context.addIssue({ code: 'custom', message: problem });
});

const Bytes = z
  .union([z.int().min(0), z.string()], { error: 'must be a number of bytes or text such as "8 GiB"' })
  .transform((value, context) => {
    const bytes = typeof value === 'number' ? value : bytesFromText(value);
    if (bytes !== null) return bytes;
    context.addIssue({
      code: 'custom',
      message: 'must be a number of bytes or text such as "8 GiB", "500 MB" or "64 KiB"',
    });
    return z.NEVER;
  });

const Moment = z.iso.datetime({ offset: true, error: 'must be a moment such as 2026-01-31T00:00:00Z' });

const Destination = z.strictObject({
  bucket: Bucket,
  prefix: Prefix.default(''),
  region: z.string().min(1).default('us-east-1'),
  storageClass: StorageClass.nullable().default(null),
  kmsKeyId: z.string().min(1).nullable().default(null),
  endpoint: Endpoint.optional(),
  secrets: SecretNames.optional(),
});

const Select = z.strictObject({
  include: z
    .array(Glob)
    .min(1, 'must hold at least one pattern; leave it out to include every key')
    .default(['**']),
  exclude: z.array(Glob).default([]),
  minBytes: Bytes.default(0),
  maxBytes: Bytes.nullable().default(null),
  modifiedAfter: Moment.nullable().default(null),
  modifiedBefore: Moment.nullable().default(null),
});

const Rule = z.strictObject({
  match: Glob,
  storageClass: StorageClass.optional(),
  /** At most ten tags an object. [src: S3 user guide, object tagging] */
  tags: z
    .record(z.string().min(1).max(128), z.string().max(256))
    .refine(
      (tags) => Object.keys(tags).length <= 10,
      'must hold at most 10 tags, the most S3 keeps on an object',
    )
    .optional(),
  metadata: z
    .record(z.string().regex(/^[a-z0-9][a-z0-9._-]*$/, 'must be a lower-case metadata name'), z.string())
    .optional(),
  rename: z
    .strictObject({
      prefix: Prefix.min(1, 'must not be empty; use destination.prefix to put every key under a prefix'),
      to: Prefix,
    })
    .optional(),
});

const countRule = 'must be "auto" or a whole number from 1 to 10000';

/** The execution input of a migration. Only the two buckets are required; unknown fields are refused. */
export const Request = z.strictObject({
  source: Source,
  destination: Destination,
  select: Select.prefault({}),
  rules: z.array(Rule).max(100, 'must hold at most 100 rules').default([]),
  existing: z
    .enum(['replace-if-different', 'keep', 'replace'], {
      error: 'must be "replace-if-different", "keep" or "replace"',
    })
    .default('replace-if-different'),
  objectTags: z.enum(['copy', 'ignore'], { error: 'must be "copy" or "ignore"' }).optional(),
  batch: z
    .strictObject({
      maxObjects: z.int().min(1, 'must be from 1 to 1000').max(1000, 'must be from 1 to 1000').default(20),
      maxBytes: Bytes.refine((bytes) => bytes >= 1, 'must be at least 1 byte').default(8 * 1024 ** 3),
    })
    .prefault({}),
  fleet: z
    .strictObject({
      maxWorkers: z.int().min(1, 'must be from 1 to 1000').max(1000, 'must be from 1 to 1000').default(20),
      bandwidth: Bytes.refine((bytes) => bytes >= 1, 'must be at least 1 byte a second')
        .nullable()
        .default(null),
    })
    .prefault({}),
  partition: z
    .strictObject({
      strategy: z.enum(['queue', 'hash'], { error: 'must be "queue" or "hash"' }).default('queue'),
      count: z
        .union([z.literal('auto'), z.int().min(1, countRule).max(10_000, countRule)], {
          error: countRule,
        })
        .optional(),
    })
    .default({ strategy: 'queue' }),
  verify: z
    .strictObject({
      compare: z.enum(['checksum', 'size'], { error: 'must be "checksum" or "size"' }).default('checksum'),
      contentSample: z
        .number()
        .min(0, 'must be a share from 0 to 1')
        .max(1, 'must be a share from 0 to 1')
        .default(0),
      repairRounds: z.int().min(0, 'must be from 0 to 10').max(10, 'must be from 0 to 10').default(3),
    })
    .prefault({}),
  costTags: z.record(z.string().min(1).max(128), z.string().max(256)).default({}),
});

/** A request with every default filled in. */
export type Request = z.infer<typeof Request>;

/** A request whose source is an S3 store. */
export type S3Request = Request & { source: z.infer<typeof S3Source> };

/** Whether the source is an S3 store. */
export function isS3Request(request: Request): request is S3Request {
  return request.source.type === 's3';
}

/**
 * Parses an execution input strictly and fills the defaults.
 * Throws `InvalidRequest` with one line per mistake: the field, the value found, and how to mend it.
 */
export function parseRequest(input: unknown): Request {
  const parsed = Request.safeParse(input);
  if (!parsed.success) throw new InvalidRequest(explainIssues(parsed.error.issues, input));
  const request = parsed.data;
  const { select, source } = request;
  refuseWithRclone(request);
  if (
    source.type === 's3' &&
    source.provider !== 'AWS' &&
    source.endpoint === undefined &&
    source.secrets !== undefined &&
    source.secrets?.endpoint === undefined
  ) {
    throw new InvalidRequest(
      'source.endpoint is missing, and source.secrets names no endpoint either. Add the URL of the store, or set source.provider to "AWS".',
    );
  }
  const { strategy, count } = request.partition;
  if (strategy === 'queue' && count !== undefined) {
    throw new InvalidRequest(
      `partition.count is ${JSON.stringify(count)}, but only the strategy "hash" has partitions. Leave it out, or set partition.strategy to "hash".`,
    );
  }
  if (select.maxBytes !== null && select.maxBytes < select.minBytes) {
    throw new InvalidRequest(
      `select.maxBytes is ${select.maxBytes}, which is below select.minBytes (${select.minBytes}): no object fits. Raise it or leave it out.`,
    );
  }
  if (
    select.modifiedAfter !== null &&
    select.modifiedBefore !== null &&
    Date.parse(select.modifiedAfter) >= Date.parse(select.modifiedBefore)
  ) {
    throw new InvalidRequest(
      `select.modifiedAfter is "${select.modifiedAfter}", which is not before select.modifiedBefore ("${select.modifiedBefore}"): no object fits. Swap or drop one of them.`,
    );
  }
  return request;
}
