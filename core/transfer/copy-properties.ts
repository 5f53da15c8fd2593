import type { BatchFile, BatchMessage } from '../batching/batch.ts';
import type { ObjectDetails, ObjectProperties } from '../ports.ts';

/** What is written beside the bytes: all that the source has, what the rules resolved winning over it. */
export function propertiesFor(
  details: ObjectDetails,
  tags: Readonly<Record<string, string>>,
  file: BatchFile,
  batch: BatchMessage,
): ObjectProperties {
  const { contentType, contentEncoding, contentLanguage, contentDisposition, cacheControl, expires } =
    details;
  return {
    contentType,
    contentEncoding,
    contentLanguage,
    contentDisposition,
    cacheControl,
    expires,
    metadata: { ...details.metadata, ...lowerCased(file.metadata ?? {}) },
    tags: { ...tags, ...file.tags },
    storageClass: file.storageClass,
    kmsKeyId: batch.destination.kmsKeyId,
  };
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
