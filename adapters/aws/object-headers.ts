import type { IncomingHttpHeaders } from 'node:http';
import type { ObjectDetails, ObjectProperties } from '../../core/ports.ts';
import { noAnswer, plainEtag, taggingOf } from './s3-properties.ts';

const metadataPrefix = 'x-amz-meta-';

/**
 * What the headers of an answer to HEAD or GET tell of the object; for a ranged GET the size is that of the whole.
 * Throws a `StoreError` of kind `failed` for an answer without size and time, which is no store's.
 */
export function detailsInHeaders(key: string, headers: IncomingHttpHeaders): ObjectDetails {
  const whole = /\/(\d+)$/.exec(headers['content-range'] ?? '')?.[1] ?? headers['content-length'];
  const modifiedAtMs = Date.parse(headers['last-modified'] ?? '');
  if (whole === undefined || !/^\d+$/.test(whole) || Number.isNaN(modifiedAtMs)) {
    throw noAnswer('told no size or no time');
  }
  const metadata: Record<string, string> = {};
  for (const name in headers) {
    if (!name.startsWith(metadataPrefix)) continue;
    metadata[name.slice(metadataPrefix.length)] = `${headers[name]}`;
  }
  const text = (name: string): string | null => {
    const value = headers[name];
    return typeof value === 'string' ? value : null;
  };
  const tagCount = text('x-amz-tagging-count');
  return {
    key,
    sizeBytes: Number(whole),
    etag: plainEtag(headers.etag),
    modifiedAtMs,
    storageClass: text('x-amz-storage-class'),
    contentType: text('content-type'),
    contentEncoding: text('content-encoding'),
    contentLanguage: text('content-language'),
    contentDisposition: text('content-disposition'),
    cacheControl: text('cache-control'),
    expires: text('expires'),
    metadata,
    encryption: text('x-amz-server-side-encryption'),
    tagCount: tagCount === null || !/^\d+$/.test(tagCount) ? null : Number(tagCount),
  };
}

/** The headers of a PUT that say what is written beside the bytes. `Expires` goes as it is: stores also hold `0`. */
export function headersToWrite(properties: ObjectProperties): Record<string, string> {
  const { kmsKeyId } = properties;
  const headers: Record<string, string> = {};
  const add = (name: string, value: string | null | undefined): void => {
    if (typeof value === 'string') headers[name] = value;
  };
  // No type at all is nothing that a header can say.
  if (properties.contentType !== '') add('content-type', properties.contentType);
  add('content-encoding', properties.contentEncoding);
  add('content-language', properties.contentLanguage);
  add('content-disposition', properties.contentDisposition);
  add('cache-control', properties.cacheControl);
  add('expires', properties.expires);
  add('content-md5', properties.contentMd5);
  add('x-amz-storage-class', properties.storageClass);
  if (typeof kmsKeyId === 'string') headers['x-amz-server-side-encryption'] = 'aws:kms';
  add('x-amz-server-side-encryption-aws-kms-key-id', kmsKeyId);
  add('x-amz-tagging', taggingOf(properties.tags));
  for (const name in properties.metadata)
    headers[metadataPrefix + name.toLowerCase()] = properties.metadata[name] ?? '';
  return headers;
}
