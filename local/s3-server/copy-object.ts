import { createHash } from 'node:crypto';
import { LARGEST_INDEXED_BODY_BYTES } from './index-database.ts';
import { attributesOf, encryptionHeaders, storageClassOf } from './object-attributes.ts';
import type { PendingBody, StoredObject } from './object-shelf.ts';
import {
  addressedBucket,
  header,
  type Operation,
  type S3Request,
  type ServerState,
  xmlAnswer,
} from './operation.ts';
import { checkReadConditions } from './preconditions.ts';
import { decodePercent, parseQuery } from './raw-target.ts';
import { addressedObject, refuseArchived } from './read-object.ts';
import { S3Error } from './s3-error.ts';
import type { Bucket } from './storehouse.ts';
import { contentEtag, storeReceived, wholeSecondNowMs } from './write-object.ts';
import { xmlDocument } from './xml-text.ts';

/** @throws {S3Error} InvalidRequest for a copy onto itself that changes nothing, and what reading and writing throw */
export const copyObject: Operation = async (server, request) => {
  const bucket = addressedBucket(server, request.target.bucket);
  const source = copySource(server, request);
  const replacesMetadata = directive(request, 'x-amz-metadata-directive');
  const replacesTags = directive(request, 'x-amz-tagging-directive');
  const given = attributesOf(server, request);
  const storageClass = storageClassOf(request);
  const asksClass = header(request, 'x-amz-storage-class') !== undefined;
  const itself = source.bucket === bucket && source.object.key === request.target.key;
  if (itself && !replacesMetadata && !asksClass && Object.keys(encryptionHeaders(given)).length === 0) {
    throw new S3Error('InvalidRequest', {
      message:
        "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
    });
  }
  const from = source.object.attributes;
  const attributes = {
    headers: replacesMetadata ? given.headers : { ...from.headers, ...encryptionHeaders(given) },
    tags: replacesTags ? given.tags : from.tags,
    checksums: /-\d+$/.test(Object.values(from.checksums)[0] ?? '') ? {} : from.checksums,
  };
  const { sizeBytes } = source.object;
  const copied = await copyStretch(server, source, 0, sizeBytes);
  const etag = contentEtag(copied.md5, attributes);
  storeReceived(server, request, bucket, {
    received: { body: copied.body, sizeBytes },
    attributes,
    storageClass,
    etag,
  });
  return copyAnswer('CopyObjectResult', etag, wholeSecondNowMs(), encryptionHeaders(attributes));
};

/** The answer to a copy of an object or of a part. */
export function copyAnswer(
  root: string,
  etag: string,
  modifiedAtMs: number,
  headers: Record<string, string> = {},
) {
  const modified = new Date(modifiedAtMs).toISOString();
  const inner = `<LastModified>${modified}</LastModified><ETag>&quot;${etag}&quot;</ETag>`;
  const answer = xmlAnswer(xmlDocument(root, inner));
  return { ...answer, headers: { ...answer.headers, ...headers } };
}

/**
 * The readable object that `x-amz-copy-source` names, its conditions met.
 * @throws {S3Error} InvalidArgument, NoSuchKey, InvalidObjectState, PreconditionFailed, AccessDenied
 */
export function copySource(
  server: ServerState,
  request: S3Request,
): { bucket: Bucket; object: StoredObject } {
  const text = (header(request, 'x-amz-copy-source') ?? '').replace(/^\//, '');
  const mark = text.indexOf('?versionId=');
  const path = mark === -1 ? text : text.slice(0, mark);
  const slash = path.indexOf('/');
  if (slash <= 0 || slash === path.length - 1) {
    throw new S3Error('InvalidArgument', {
      message: 'Copy Source must mention the source bucket and key: sourcebucket/sourcekey',
    });
  }
  const address = {
    bucket: decodePercent(path.slice(0, slash)),
    key: decodePercent(path.slice(slash + 1)),
    query: parseQuery(mark === -1 ? '' : text.slice(mark + 1)),
  };
  server.faults.refuseDenied('GetObject', address.bucket, address.key);
  const source = addressedObject(server, request, address);
  checkReadConditions(request, source.object, 'x-amz-copy-source-');
  refuseArchived(source.object);
  return source;
}

/** Bytes of an object as a new pending body, with their MD5 (hex). */
export async function copyStretch(
  server: ServerState,
  source: { bucket: Bucket; object: StoredObject },
  firstByte: number,
  byteCount: number,
): Promise<{ body: PendingBody; md5: string }> {
  const md5 = createHash('md5');
  const read = source.bucket.shelf.read(source.object, firstByte, byteCount);
  if (read instanceof Uint8Array) return { body: { bytes: read }, md5: md5.update(read).digest('hex') };
  if (byteCount <= LARGEST_INDEXED_BODY_BYTES) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of read) chunks.push(chunk);
    const bytes = Buffer.concat(chunks);
    return { body: { bytes }, md5: md5.update(bytes).digest('hex') };
  }
  const writer = server.storehouse.bodies.large.writer();
  try {
    for await (const chunk of read) {
      md5.update(chunk);
      await writer.write(chunk);
    }
    return { body: { parts: [await writer.finish()] }, md5: md5.digest('hex') };
  } catch (error) {
    await writer.abandon();
    throw error;
  }
}

function directive(request: S3Request, name: string): boolean {
  const value = header(request, name) ?? 'COPY';
  if (value !== 'COPY' && value !== 'REPLACE') {
    throw new S3Error('InvalidArgument', { message: `Unknown ${name.slice('x-amz-'.length)}.` });
  }
  return value === 'REPLACE';
}
