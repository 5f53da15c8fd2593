import {
  createBucket,
  deleteBucket,
  getBucketLocation,
  headBucket,
  listBuckets,
} from './bucket-operations.ts';
import { BUCKET_SETTINGS, getBucketSetting, getObjectAcl } from './bucket-settings.ts';
import { completeMultipartUpload } from './complete-upload.ts';
import { copyObject } from './copy-object.ts';
import { deleteObject, deleteObjects } from './delete-object.ts';
import { listObjects, listObjectsV2 } from './listing-operations.ts';
import {
  abortMultipartUpload,
  createMultipartUpload,
  uploadPart,
  uploadPartCopy,
} from './multipart-upload.ts';
import type { Operation, S3Request } from './operation.ts';
import { getObject, headObject } from './read-object.ts';
import { S3Error, type S3ErrorCode } from './s3-error.ts';
import { deleteObjectTagging, getObjectTagging, putObjectTagging } from './tagging-operations.ts';
import { listMultipartUploads, listParts } from './upload-listings.ts';
import { putObject } from './write-object.ts';

/** An operation and the name the S3 API gives it. */
export type Route = { readonly name: string; readonly operation: Operation };

/** Query parameters that turn a request into another operation; all that S3 knows, served here or not. */
const SUB_RESOURCES = new Set([
  ...BUCKET_SETTINGS,
  ...['accelerate', 'analytics', 'attributes', 'delete', 'intelligent-tiering', 'inventory', 'legal-hold'],
  ...['location', 'metadataTable', 'metrics', 'partNumber', 'renameObject', 'restore', 'retention', 'select'],
  ...['session', 'torrent', 'uploadId', 'uploads', 'versions'],
]);

const BUCKET_ROUTES: Readonly<Record<string, Operation>> = {
  'GET location': getBucketLocation,
  'GET uploads': listMultipartUploads,
  'POST delete': deleteObjects,
  'DELETE ': deleteBucket,
  'HEAD ': headBucket,
  'PUT ': createBucket,
};

const OBJECT_ROUTES: Readonly<Record<string, Route>> = {
  'GET ': { name: 'GetObject', operation: getObject },
  // Which part of a multipart object a GET or HEAD means is for the operation to refuse.
  'GET partNumber': { name: 'GetObject', operation: getObject },
  'HEAD ': { name: 'HeadObject', operation: headObject },
  'HEAD partNumber': { name: 'HeadObject', operation: headObject },
  'PUT ': { name: 'PutObject', operation: putObject },
  'DELETE ': { name: 'DeleteObject', operation: deleteObject },
  'GET tagging': { name: 'GetObjectTagging', operation: getObjectTagging },
  'PUT tagging': { name: 'PutObjectTagging', operation: putObjectTagging },
  'DELETE tagging': { name: 'DeleteObjectTagging', operation: deleteObjectTagging },
  'GET acl': { name: 'GetObjectAcl', operation: getObjectAcl },
  'GET legal-hold': { name: 'GetObjectLegalHold', operation: refuse('NoSuchObjectLockConfiguration') },
  'GET retention': { name: 'GetObjectRetention', operation: refuse('NoSuchObjectLockConfiguration') },
  'POST uploads': { name: 'CreateMultipartUpload', operation: createMultipartUpload },
  'PUT partNumber&uploadId': { name: 'UploadPart', operation: uploadPart },
  'POST uploadId': { name: 'CompleteMultipartUpload', operation: completeMultipartUpload },
  'DELETE uploadId': { name: 'AbortMultipartUpload', operation: abortMultipartUpload },
  'GET uploadId': { name: 'ListParts', operation: listParts },
};

const BUCKET_NAMES: Readonly<Record<string, string>> = {
  'GET location': 'GetBucketLocation',
  'GET uploads': 'ListMultipartUploads',
  'POST delete': 'DeleteObjects',
  'DELETE ': 'DeleteBucket',
  'HEAD ': 'HeadBucket',
  'PUT ': 'CreateBucket',
};

/** Which operation a request is; what S3 has and this server has not is refused with NotImplemented, never passed over. */
export function routeOf({
  method,
  target,
  headers,
}: Pick<S3Request, 'method' | 'target' | 'headers'>): Route {
  const { bucket, key, query } = target;
  if (bucket === '') {
    if (method === 'GET') return { name: 'ListBuckets', operation: listBuckets };
    return { name: 'Unknown', operation: refuse('MethodNotAllowed') };
  }
  const asked =
    query.size === 0
      ? ''
      : [...query.keys()]
          .filter((name) => SUB_RESOURCES.has(name))
          .sort()
          .join('&');
  const line = `${method} ${asked}`;
  return (
    (key === '' ? bucketRoute(line, asked, query) : objectRoute(line, headers)) ?? unknown(method, asked)
  );
}

function bucketRoute(line: string, asked: string, query: ReadonlyMap<string, string>): Route | undefined {
  const operation = BUCKET_ROUTES[line];
  const name = BUCKET_NAMES[line];
  if (operation !== undefined && name !== undefined) return { name, operation };
  if (line === 'GET ' && query.get('list-type') === '2')
    return { name: 'ListObjectsV2', operation: listObjectsV2 };
  if (line === 'GET ') return { name: 'ListObjects', operation: listObjects };
  if (!line.startsWith('GET ') || !BUCKET_SETTINGS.includes(asked)) return undefined;
  return { name: `GetBucket ${asked}`, operation: getBucketSetting(asked) };
}

function objectRoute(line: string, headers: S3Request['headers']): Route | undefined {
  if (headers['x-amz-copy-source'] !== undefined) {
    if (line === 'PUT ') return { name: 'CopyObject', operation: copyObject };
    if (line === 'PUT partNumber&uploadId') return { name: 'UploadPartCopy', operation: uploadPartCopy };
  }
  return OBJECT_ROUTES[line];
}

function unknown(method: string, asked: string): Route {
  return { name: `${method} ${asked}`.trim(), operation: refuse('NotImplemented') };
}

function refuse(code: S3ErrorCode): Operation {
  return () => {
    throw new S3Error(code);
  };
}
