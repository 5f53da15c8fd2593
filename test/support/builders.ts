import type { BatchFile, BatchMessage } from '../../core/batching/batch.ts';
import type { ObjectSummary } from '../../core/inventory/inventory-row.ts';
import { batchEnvelope, MigrationPlan } from '../../core/migration.ts';
import { parseRequest, type Request } from '../../core/request.ts';

/** What a test writes of a request: the two sides need nothing, every other field is as an author writes it. */
export type RequestChanges = { source?: object; destination?: object } & Record<string, unknown>;

/** A parsed request between two buckets, changed as given. */
export function aRequest({ source, destination, ...changes }: RequestChanges = {}): Request {
  return parseRequest({
    source: { bucket: 'media-archive', endpoint: 'https://s3.example.com', ...source },
    destination: { bucket: 'archive', ...destination },
    ...changes,
  });
}

/** The plan of a request, of two sides whose ETags are MD5 unless said otherwise. */
export function aPlan(
  request: RequestChanges = {},
  capabilities: Partial<MigrationPlan['capabilities']> = {},
): MigrationPlan {
  return MigrationPlan.parse({
    version: 1,
    migration: 'm',
    folder: 'migrations/m',
    createdAtMs: 0,
    request: aRequest(request),
    capabilities: {
      listing: 'v2',
      sourceEtagIsMd5: true,
      destinationEtagIsMd5: true,
      sourceTags: false,
      ...capabilities,
    },
    objectTags: 'ignore',
    requests: { source: {}, destination: {} },
  });
}

/** An object as a listing tells it. */
export function anObject(key: string, changes: Partial<ObjectSummary> = {}): ObjectSummary {
  return { key, sizeBytes: 1, etag: null, modifiedAtMs: 0, storageClass: 'STANDARD', ...changes };
}

/** A file of a batch that keeps its key. */
export function aFile(key: string, changes: Partial<BatchFile> = {}): BatchFile {
  return { key, to: key, sizeBytes: 1, etag: null, modifiedAtMs: 0, storageClass: null, ...changes };
}

/** A batch of these files. */
export function aBatch(files: BatchFile[], changes: Partial<BatchMessage> = {}): BatchMessage {
  return { ...batchEnvelope(aPlan()), batch: '0000-0', shard: '0000', attempt: 1, files, ...changes };
}
