import { requestedRange } from './byte-range.ts';
import type { StoredObject } from './object-shelf.ts';
import {
  addressedBucket,
  header,
  type Operation,
  type S3Answer,
  type S3Request,
  type ServerState,
} from './operation.ts';
import { checkReadConditions } from './preconditions.ts';
import { S3Error } from './s3-error.ts';
import type { Bucket } from './storehouse.ts';

/** Classes whose objects must be restored before they can be read. */
const ARCHIVED = new Set(['GLACIER', 'DEEP_ARCHIVE']);

/** Query parameters that replace a header of the answer. */
const OVERRIDES = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires',
];

/** @throws {S3Error} NoSuchKey, InvalidObjectState, InvalidRange and the conditions' answers */
export const getObject: Operation = (server, request) => {
  const { bucket, object } = addressedObject(server, request);
  refuseArchived(object);
  const answer = describe(server, request, object);
  const whole = { firstByte: 0, byteCount: object.sizeBytes };
  const { firstByte, byteCount } = requestedRange(header(request, 'range'), object.sizeBytes) ?? whole;
  return { ...answer, body: bucket.shelf.read(object, firstByte, byteCount) };
};

/** @throws {S3Error} NoSuchKey, InvalidRange and the conditions' answers */
export const headObject: Operation = (server, request) =>
  describe(server, request, addressedObject(server, request).object);

/**
 * The object a request names.
 * @throws {S3Error} NoSuchBucket, NoSuchKey, NoSuchVersion (there are no versions here but `null`)
 */
export function addressedObject(
  server: ServerState,
  request: S3Request,
  address: { bucket: string; key: string; query: ReadonlyMap<string, string> } = request.target,
): { bucket: Bucket; object: StoredObject } {
  const bucket = addressedBucket(server, address.bucket);
  if ((address.query.get('versionId') ?? 'null') !== 'null') throw new S3Error('NoSuchVersion');
  const object = bucket.shelf.find(address.key);
  if (object === undefined) throw new S3Error('NoSuchKey', { elements: { Key: address.key } });
  return { bucket, object };
}

/** @throws {S3Error} InvalidObjectState for what only a restore makes readable */
export function refuseArchived(object: StoredObject): void {
  if (!ARCHIVED.has(object.storageClass)) return;
  throw new S3Error('InvalidObjectState', {
    elements: { StorageClass: object.storageClass, Key: object.key },
  });
}

function describe(server: ServerState, request: S3Request, object: StoredObject): S3Answer {
  checkReadConditions(request, object);
  if (request.target.query.has('partNumber')) throw new S3Error('NotImplemented');
  const range = requestedRange(header(request, 'range'), object.sizeBytes);
  const sizeBytes = range?.byteCount ?? object.sizeBytes;
  const headers: Record<string, string> = {
    ...object.attributes.headers,
    'accept-ranges': 'bytes',
    etag: `"${object.etag}"`,
    'last-modified': new Date(object.modifiedAtMs).toUTCString(),
  };
  const tagCount = Object.keys(object.attributes.tags).length;
  if (tagCount > 0 && server.faults.settings.tagging) headers['x-amz-tagging-count'] = String(tagCount);
  if (object.storageClass !== 'STANDARD') headers['x-amz-storage-class'] = object.storageClass;
  for (const name of OVERRIDES) {
    const value = request.target.query.get(`response-${name}`);
    if (value !== undefined) headers[name] = value;
  }
  if (range !== undefined) {
    const lastByte = range.firstByte + range.byteCount - 1;
    headers['content-range'] = `bytes ${range.firstByte}-${lastByte}/${object.sizeBytes}`;
    return { status: 206, headers, sizeBytes };
  }
  // A checksum is of the whole: with a range S3 leaves it out.
  if (header(request, 'x-amz-checksum-mode')?.toUpperCase() === 'ENABLED') {
    Object.assign(headers, object.attributes.checksums);
  }
  return { status: 200, headers, sizeBytes };
}
