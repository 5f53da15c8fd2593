import { randomBytes } from 'node:crypto';
import { receiveBody } from './body-intake.ts';
import { requestedRange } from './byte-range.ts';
import { copyAnswer, copySource, copyStretch } from './copy-object.ts';
import { attributesOf, encryptionHeaders, storageClassOf } from './object-attributes.ts';
import type { PendingBody } from './object-shelf.ts';
import {
  addressedBucket,
  header,
  type Operation,
  type S3Request,
  type ServerState,
  xmlAnswer,
} from './operation.ts';
import { S3Error } from './s3-error.ts';
import type { Bucket } from './storehouse.ts';
import type { OpenUpload, UploadedPart } from './upload-ledger.ts';
import { contentEtag, wholeSecondNowMs } from './write-object.ts';
import { escapeXml, xmlDocument } from './xml-text.ts';

const MOST_PARTS = 10_000;

let uploadsCreated = 0;

/** Starts with the time and a count, so that ids of one key ascend with age. */
function newUploadId(nowMs: number): string {
  uploadsCreated += 1;
  const order = nowMs.toString(36).padStart(9, '0') + uploadsCreated.toString(36).padStart(7, '0');
  return order + randomBytes(12).toString('hex');
}

export const createMultipartUpload: Operation = (server, request) => {
  const bucket = addressedBucket(server, request.target.bucket);
  const { key } = request.target;
  const intent: Record<string, string> = {};
  const algorithm = header(request, 'x-amz-checksum-algorithm');
  const type = header(request, 'x-amz-checksum-type');
  if (algorithm !== undefined) intent.algorithm = algorithm;
  if (type !== undefined) intent.type = type;
  const attributes = attributesOf(server, request);
  const startedAtMs = Date.now();
  const id = newUploadId(startedAtMs);
  const storageClass = storageClassOf(request);
  server.storehouse.uploads.create(bucket.id, { id, key, startedAtMs, storageClass, attributes, intent });
  const inner = `<Bucket>${bucket.name}</Bucket><Key>${escapeXml(key)}</Key><UploadId>${id}</UploadId>`;
  const answer = xmlAnswer(xmlDocument('InitiateMultipartUploadResult', inner));
  const headers: Record<string, string> = { ...answer.headers, ...encryptionHeaders(attributes) };
  if (algorithm !== undefined) headers['x-amz-checksum-algorithm'] = algorithm;
  if (type !== undefined) headers['x-amz-checksum-type'] = type;
  return { ...answer, headers };
};

/** @throws {S3Error} NoSuchUpload, InvalidArgument (part number) and what `receiveBody` throws */
export const uploadPart: Operation = async (server, request) => {
  const { bucket, upload } = addressedUpload(server, request);
  const number = partNumber(request);
  const { body, sizeBytes, md5, checksums } = await receiveBody(
    request.message,
    server.storehouse.bodies.large,
  );
  const etag = contentEtag(md5, upload.attributes);
  const part = { number, sizeBytes, etag, modifiedAtMs: wholeSecondNowMs(), checksums };
  storePart(server, bucket, upload, part, body);
  return {
    status: 200,
    headers: { etag: `"${etag}"`, ...checksums, ...encryptionHeaders(upload.attributes) },
  };
};

/** @throws {S3Error} NoSuchUpload, InvalidArgument, InvalidRange and what reading the source throws */
export const uploadPartCopy: Operation = async (server, request) => {
  const { bucket, upload } = addressedUpload(server, request);
  const number = partNumber(request);
  const source = copySource(server, request);
  const asked = header(request, 'x-amz-copy-source-range');
  const range = requestedRange(asked, source.object.sizeBytes);
  if (asked !== undefined && range === undefined) {
    throw new S3Error('InvalidArgument', {
      message: 'The x-amz-copy-source-range value must be of the form bytes=first-last',
    });
  }
  const { firstByte, byteCount } = range ?? { firstByte: 0, byteCount: source.object.sizeBytes };
  const { body, md5 } = await copyStretch(server, source, firstByte, byteCount);
  const etag = contentEtag(md5, upload.attributes);
  const modifiedAtMs = wholeSecondNowMs();
  const part = { number, sizeBytes: byteCount, etag, modifiedAtMs, checksums: {} };
  storePart(server, bucket, upload, part, body);
  return copyAnswer('CopyPartResult', etag, modifiedAtMs, encryptionHeaders(upload.attributes));
};

export const abortMultipartUpload: Operation = (server, request) => {
  const { upload } = addressedUpload(server, request);
  server.storehouse.uploads.close(upload.id);
  return { status: 204 };
};

/** The open upload a request names by key and id. @throws {S3Error} NoSuchBucket, NoSuchUpload */
export function addressedUpload(
  server: ServerState,
  request: S3Request,
): { bucket: Bucket; upload: OpenUpload } {
  const bucket = addressedBucket(server, request.target.bucket);
  const id = request.target.query.get('uploadId') ?? '';
  const upload = server.storehouse.uploads.find(bucket.id, request.target.key, id);
  if (upload === undefined) throw new S3Error('NoSuchUpload', { elements: { UploadId: id } });
  return { bucket, upload };
}

/** @throws {S3Error} NoSuchUpload when it was completed or aborted while the part was on its way */
function storePart(
  server: ServerState,
  bucket: Bucket,
  upload: OpenUpload,
  part: Omit<UploadedPart, 'body'>,
  body: PendingBody,
): void {
  const { uploads, bodies } = server.storehouse;
  if (uploads.find(bucket.id, upload.key, upload.id) === undefined) {
    if ('parts' in body) bodies.discardLarge(body.parts);
    throw new S3Error('NoSuchUpload', { elements: { UploadId: upload.id } });
  }
  uploads.putPart(upload.id, part, body);
}

function partNumber(request: S3Request): number {
  const text = request.target.query.get('partNumber') ?? '';
  const number = Number(text);
  if (!/^\d+$/.test(text) || number < 1 || number > MOST_PARTS) {
    throw new S3Error('InvalidArgument', {
      message: `Part number must be an integer between 1 and ${MOST_PARTS}, inclusive`,
      elements: { ArgumentName: 'partNumber', ArgumentValue: text },
    });
  }
  return number;
}
