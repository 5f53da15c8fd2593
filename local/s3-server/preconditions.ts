import type { ListedObject } from './object-shelf.ts';
import type { S3Request } from './operation.ts';
import { header } from './operation.ts';
import { S3Error } from './s3-error.ts';

/**
 * The four conditional headers of a read, in the order of RFC 9110 section 13.2.2.
 * `prefix` is `x-amz-copy-source-` for the source of a copy, where "not modified" is a failure too.
 * @throws {S3Error} PreconditionFailed or NotModified
 */
export function checkReadConditions(request: S3Request, object: ListedObject, prefix = ''): void {
  const ifMatch = header(request, `${prefix}if-match`);
  const ifUnmodifiedSince = header(request, `${prefix}if-unmodified-since`);
  const ifNoneMatch = header(request, `${prefix}if-none-match`);
  const ifModifiedSince = header(request, `${prefix}if-modified-since`);
  if (ifMatch !== undefined) {
    if (!names(ifMatch, object.etag)) throw failed('If-Match');
  } else if (ifUnmodifiedSince !== undefined && object.modifiedAtMs > Date.parse(ifUnmodifiedSince)) {
    throw failed('If-Unmodified-Since');
  }
  const unmodified =
    ifNoneMatch !== undefined
      ? names(ifNoneMatch, object.etag)
      : ifModifiedSince !== undefined && object.modifiedAtMs <= Date.parse(ifModifiedSince);
  if (!unmodified) return;
  if (prefix !== '') throw failed(ifNoneMatch !== undefined ? 'If-None-Match' : 'If-Modified-Since');
  throw new S3Error('NotModified', {
    headers: { etag: `"${object.etag}"`, 'last-modified': new Date(object.modifiedAtMs).toUTCString() },
  });
}

/**
 * The conditions of a write, to be asked in the same breath as the write: `If-None-Match: *` lets only the
 * first one in, `If-Match` only one that knows what it replaces.
 * @throws {S3Error} PreconditionFailed, NoSuchKey, NotImplemented
 */
export function checkWriteConditions(request: S3Request, find: () => ListedObject | undefined): void {
  const ifNoneMatch = header(request, 'if-none-match');
  const ifMatch = header(request, 'if-match');
  if (ifNoneMatch === undefined && ifMatch === undefined) return;
  const existing = find();
  if (ifNoneMatch !== undefined) {
    if (ifNoneMatch.trim() !== '*') throw new S3Error('NotImplemented');
    if (existing !== undefined) throw failed('If-None-Match');
  }
  if (ifMatch === undefined) return;
  if (existing === undefined) throw new S3Error('NoSuchKey', { elements: { Key: request.target.key } });
  if (!names(ifMatch, existing.etag)) throw failed('If-Match');
}

function names(list: string, etag: string): boolean {
  return list.split(',').some((one) => {
    const given = one
      .trim()
      .replace(/^W\//, '')
      .replace(/^"(.*)"$/, '$1');
    return given === '*' || given === etag;
  });
}

function failed(condition: string): S3Error {
  return new S3Error('PreconditionFailed', { elements: { Condition: condition } });
}
