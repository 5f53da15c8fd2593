import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import {
  asciiJson,
  type BatchEnvelope,
  type BucketLocation,
  maxMessageBytes,
  type SourceLocation,
} from './batching/batch.ts';
import type { ListingPace } from './inventory/listing-gate.ts';
import { defaultSourceSecrets, Request, type S3Request } from './request.ts';
import { RequestsBySide } from './requests-made.ts';

/** What Preflight found out about the two sides. */
export const Capabilities = z.strictObject({
  /**
   * How the source is paged. `v2`: ListObjectsV2 by StartAfter; `v1`: by Marker. Both may begin anywhere, so that many
   * ranges are listed at the same time. `folders`: in byte order, by the store's own tokens only, but folder by folder, so that
   * many folders are listed at the same time. `stream`: the same without folders, hence in one range.
   * `unordered`: by tokens, in an order of its own: it is read whole and sorted first.
   */
  listing: z.enum(['v2', 'v1', 'folders', 'stream', 'unordered']),
  /** Whether a plain ETag of that side is the MD5 of the bytes (it is not under aws:kms). */
  sourceEtagIsMd5: z.boolean(),
  destinationEtagIsMd5: z.boolean(),
  /** Whether the source answers GetObjectTagging. */
  sourceTags: z.boolean(),
});
export type Capabilities = z.infer<typeof Capabilities>;

/** A migration as it is carried out: the request with every default, and what was measured. Holds no secret. */
export const MigrationPlan = z.strictObject({
  version: z.literal(1),
  migration: z.string(),
  folder: z.string(),
  createdAtMs: z.int(),
  request: Request,
  capabilities: Capabilities,
  objectTags: z.enum(['copy', 'ignore']),
  /** Under the hash strategy: into how many partitions keys fall. Judge alone changes it, when the queue is drained. */
  partitions: z.int().min(1).optional(),
  /** What Preflight itself asked of both sides. */
  requests: RequestsBySide,
});
export type MigrationPlan = z.infer<typeof MigrationPlan>;

/** The source of a request, without secret values; secrets that it does not name are the stack's own. */
export function sourceLocation(request: Request): SourceLocation {
  const { source } = request;
  if (source.type === 's3') return sourceBucket({ ...request, source });
  const { type, backend, path, secret } = source;
  return { type, backend, path, secret };
}

/** The bucket that a request reads. */
export function sourceBucket(request: S3Request): BucketLocation {
  const { provider, bucket, region, endpoint } = request.source;
  const { accessKey, secretKey } = defaultSourceSecrets;
  const standing =
    endpoint !== undefined || provider === 'AWS' ? { accessKey, secretKey } : defaultSourceSecrets;
  const secrets = request.source.secrets === undefined ? standing : request.source.secrets;
  return { provider, bucket, region, endpoint: endpoint ?? null, secrets };
}

/** The destination bucket of a request, without secret values. */
export function destinationLocation(request: Request): BucketLocation {
  const { bucket, region, endpoint, secrets } = request.destination;
  const amazon = endpoint === undefined && secrets?.endpoint === undefined;
  return {
    provider: amazon ? 'AWS' : 'Other',
    bucket,
    region,
    endpoint: endpoint ?? null,
    secrets: secrets ?? null,
  };
}

/** The lister's share of the source's request ceiling: it asks once for a thousand objects, workers for each. */
const listingShare = 0.1;

/** How a lister that may have `most` requests under way asks the source for pages. */
export function listingPace(request: Request, most: number): ListingPace {
  const { requestsPerSecond } = request.source;
  return { most, requestsPerSecond: requestsPerSecond === null ? null : requestsPerSecond * listingShare };
}

/** Everything of a batch message but its number, attempt, shard and files. */
export function batchEnvelope(plan: MigrationPlan): BatchEnvelope {
  const { request } = plan;
  const { maxWorkers, bandwidth } = request.fleet;
  const { requestsPerSecond } = request.source;
  return {
    version: 1,
    migration: plan.migration,
    folder: plan.folder,
    source: sourceLocation(request),
    destination: { ...destinationLocation(request), kmsKeyId: request.destination.kmsKeyId },
    objectTags: plan.objectTags,
    limits: {
      requestsPerSecond:
        requestsPerSecond === null ? null : (requestsPerSecond * (1 - listingShare)) / maxWorkers,
      bandwidthBytesPerSecond: bandwidth === null ? null : Math.max(1, Math.floor(bandwidth / maxWorkers)),
      workers: maxWorkers,
    },
  };
}

/** Bytes that the files of a message may take beside its envelope. */
export function filesTextBudget(plan: MigrationPlan): number {
  const longestNames = { batch: 'zzzz-999999999-r10', shard: 'zzzz', attempt: 999_999, files: [] };
  const longestTimes =
    plan.partitions === undefined ? {} : { partition: 99_999, notBeforeMs: 9_999_999_999_999 };
  return maxMessageBytes - asciiJson({ ...batchEnvelope(plan), ...longestNames, ...longestTimes }).length;
}

/**
 * Names the options in which two requests differ in a way that makes going on with the work of the one
 * under the other unsafe: what is listed, where it goes, and what decides it. Empty = safe to resume.
 */
export function unsafeDifferences(before: Request, now: Request): string[] {
  const [a, b] = [bindingOptions(before), bindingOptions(now)];
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].filter((name) => !isDeepStrictEqual(a[name], b[name]));
}

/** A fingerprint of the same options, for a checkpoint. */
export function listingOptions(request: Request): string {
  return createHash('sha256')
    .update(JSON.stringify(bindingOptions(request)))
    .digest('hex');
}

function bindingOptions(request: Request): Record<string, unknown> {
  const { destination } = request;
  return {
    ...bindingSource(request),
    'source.prefix': request.source.prefix,
    'destination.bucket': destination.bucket,
    'destination.prefix': destination.prefix,
    'destination.endpoint': destination.endpoint ?? null,
    'destination.storageClass': destination.storageClass,
    'destination.kmsKeyId': destination.kmsKeyId,
    select: request.select,
    rules: request.rules,
    existing: request.existing,
    objectTags: request.objectTags ?? null,
    partition: request.partition,
  };
}

function bindingSource({ source }: Request): Record<string, unknown> {
  if (source.type === 'rclone')
    return { 'source.type': 'rclone', 'source.backend': source.backend, 'source.path': source.path };
  return {
    'source.type': 's3',
    'source.bucket': source.bucket,
    'source.endpoint': source.endpoint ?? null,
    'source.inventory': source.inventory ?? null,
  };
}
