import type { BatchFile, BatchMessage } from '../batching/batch.ts';
import type { ObjectDetails, ObjectProperties } from '../ports.ts';

/**
 * What is written beside the bytes: all that the source has, what the rules resolved winning over it. `mtime` keeps the time
 * of the source's object, which S3 forgets, in seconds since the epoch as rclone writes it; one that is there already stays.
 */
export function propertiesFor(
  details: ObjectDetails,
  tags: Readonly<Record<string, string>>,
  file: BatchFile,
  batch: BatchMessage,
): ObjectProperties {
  const { contentType, contentLanguage, contentDisposition, cacheControl, expires } = details;
  const mtime = `${Math.floor(details.modifiedAtMs / 1000)}`;
  return {
    contentType,
    contentEncoding: withoutChunks(details.contentEncoding),
    contentLanguage,
    contentDisposition,
    cacheControl,
    expires,
    metadata: { mtime, ...details.metadata, ...lowerCased(file.metadata ?? {}) },
    tags: { ...tags, ...file.tags },
    storageClass: file.storageClass,
    kmsKeyId: batch.destination.kmsKeyId,
  };
}

/** Some stores keep the encoding of the upload that they got with the object, and others refuse it from them. */
function withoutChunks(encoding: string | null): string | null {
  if (encoding === null || !encoding.includes('aws-chunked')) return encoding;
  const others = encoding.split(',').map((each) => each.trim());
  return others.filter((each) => each !== 'aws-chunked' && each !== '').join(', ') || null;
}

/** The MD5 in hex that an ETag tells; null for multipart uploads and KMS, where it is none. */
export function md5Of({ etag, encryption }: ObjectDetails): string | null {
  if (etag === null || !/^[0-9a-f]{32}$/i.test(etag)) return null;
  return encryption?.startsWith('aws:kms') === true ? null : etag.toLowerCase();
}

/** Names of user metadata are header names, which the source gives in lower case. */
function lowerCased(metadata: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(metadata).map(([name, value]) => [name.toLowerCase(), value]));
}
