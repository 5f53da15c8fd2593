import { randomBytes } from 'node:crypto';
import { type ReceivedBody, receiveBody } from './body-intake.ts';
import { attributesOf, encryptionHeaders, hidesMd5, storageClassOf } from './object-attributes.ts';
import type { ObjectAttributes } from './object-shelf.ts';
import { addressedBucket, header, type Operation, type S3Request, type ServerState } from './operation.ts';
import { checkWriteConditions } from './preconditions.ts';
import { S3Error } from './s3-error.ts';
import type { Bucket } from './storehouse.ts';

/** Last-Modified has no fractions on S3, neither in headers nor in listings. */
export function wholeSecondNowMs(): number {
  return Math.floor(Date.now() / 1000) * 1000;
}

/** @throws {S3Error} what `attributesOf`, `receiveBody` and the write conditions throw */
export const putObject: Operation = async (server, request) => {
  const bucket = addressedBucket(server, request.target.bucket);
  if (header(request, 'x-amz-object-lock-mode') !== undefined) {
    throw new S3Error('InvalidRequest', { message: 'Bucket is missing Object Lock Configuration' });
  }
  const described = attributesOf(server, request);
  const storageClass = storageClassOf(request);
  const received = await receiveBody(request.message, server.storehouse.bodies.large);
  const attributes = { ...described, checksums: received.checksums };
  const etag = contentEtag(received.md5, attributes);
  storeReceived(server, request, bucket, { received, attributes, storageClass, etag });
  return {
    status: 200,
    headers: { etag: `"${etag}"`, ...received.checksums, ...encryptionHeaders(attributes) },
  };
};

/** The MD5, or under a KMS key something that only looks like one. */
export function contentEtag(md5: string, attributes: ObjectAttributes): string {
  return hidesMd5(attributes) ? randomBytes(16).toString('hex') : md5;
}

/**
 * Makes received bytes the object a request names, if its conditions hold at this very moment.
 * @throws {S3Error} PreconditionFailed, NoSuchKey; the bytes are discarded then
 */
export function storeReceived(
  server: ServerState,
  request: S3Request,
  bucket: Bucket,
  object: {
    received: Pick<ReceivedBody, 'body' | 'sizeBytes'>;
    attributes: ObjectAttributes;
    storageClass: string;
    etag: string;
  },
): void {
  const { received, attributes, storageClass, etag } = object;
  const { key } = request.target;
  try {
    // The bucket may have been deleted while the body was on its way.
    if (server.storehouse.bucket(bucket.name) !== bucket) throw new S3Error('NoSuchBucket');
    checkWriteConditions(request, () => bucket.shelf.find(key));
  } catch (error) {
    if ('parts' in received.body) server.storehouse.bodies.discardLarge(received.body.parts);
    throw error;
  }
  const { sizeBytes } = received;
  const stored = { key, sizeBytes, etag, modifiedAtMs: wholeSecondNowMs(), storageClass, attributes };
  bucket.shelf.put(stored, received.body);
}
