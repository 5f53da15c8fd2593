import type { ObjectAttributes } from './object-shelf.ts';
import { header, type S3Request, type ServerState } from './operation.ts';
import { S3Error } from './s3-error.ts';
import { tagsFromHeader } from './tag-set.ts';

const REPLAYED = [
  'cache-control',
  'content-disposition',
  'content-language',
  'expires',
  'x-amz-server-side-encryption',
  'x-amz-server-side-encryption-aws-kms-key-id',
  'x-amz-server-side-encryption-bucket-key-enabled',
  'x-amz-website-redirect-location',
] as const;

const ENCRYPTION = /^x-amz-server-side-encryption/;

const STORAGE_CLASSES = new Set([
  'STANDARD',
  'REDUCED_REDUNDANCY',
  'STANDARD_IA',
  'ONEZONE_IA',
  'INTELLIGENT_TIERING',
  'GLACIER',
  'GLACIER_IR',
  'DEEP_ARCHIVE',
]);

/** S3's limit on the names and values of an object's own metadata together. */
const LARGEST_METADATA_BYTES = 2048;

/** What S3 calls the type of an object that came without one. */
const DEFAULT_CONTENT_TYPE = 'binary/octet-stream';

/**
 * What a request that creates an object says about it.
 * @throws {S3Error} MetadataTooLarge, InvalidTag, NotImplemented (customer keys, tags on a store without)
 */
export function attributesOf(server: ServerState, request: S3Request): ObjectAttributes {
  const headers: Record<string, string> = {
    'content-type': header(request, 'content-type') ?? DEFAULT_CONTENT_TYPE,
  };
  for (const name of REPLAYED) {
    const value = header(request, name);
    if (value !== undefined) headers[name] = value;
  }
  const encoding = storedEncoding(header(request, 'content-encoding'));
  if (encoding !== '') headers['content-encoding'] = encoding;
  let metadataBytes = 0;
  for (const name in request.headers) {
    if (name.startsWith('x-amz-server-side-encryption-customer-')) throw new S3Error('NotImplemented');
    if (!name.startsWith('x-amz-meta-')) continue;
    const value = header(request, name) ?? '';
    headers[name] = value;
    // Each character of a header is one byte on the wire.
    metadataBytes += name.length - 'x-amz-meta-'.length + value.length;
  }
  if (metadataBytes > LARGEST_METADATA_BYTES) throw new S3Error('MetadataTooLarge');
  refuseAcl(request);
  const tagging = header(request, 'x-amz-tagging');
  if (tagging !== undefined && !server.faults.settings.tagging) throw new S3Error('NotImplemented');
  return { headers, tags: tagging === undefined ? {} : tagsFromHeader(tagging), checksums: {} };
}

/** @throws {S3Error} InvalidStorageClass */
export function storageClassOf(request: S3Request): string {
  const storageClass = header(request, 'x-amz-storage-class') ?? 'STANDARD';
  if (!STORAGE_CLASSES.has(storageClass)) throw new S3Error('InvalidStorageClass');
  return storageClass;
}

/** True when the ETag must not be the MD5 of the content, which is so under a KMS key. */
export function hidesMd5(attributes: ObjectAttributes): boolean {
  return attributes.headers['x-amz-server-side-encryption']?.startsWith('aws:kms') === true;
}

/** The encryption headers, as the answers to writes repeat them. */
export function encryptionHeaders(attributes: ObjectAttributes): Record<string, string> {
  return Object.fromEntries(Object.entries(attributes.headers).filter(([name]) => ENCRYPTION.test(name)));
}

/** `aws-chunked` is how the body travelled, not how the object is encoded. */
function storedEncoding(contentEncoding: string | undefined): string {
  const encodings = (contentEncoding ?? '').split(',').map((one) => one.trim());
  return encodings.filter((one) => one !== '' && one.toLowerCase() !== 'aws-chunked').join(',');
}

/** Buckets have no ACLs unless somebody turns them on; only the two that change nothing are taken. */
function refuseAcl(request: S3Request): void {
  const acl = header(request, 'x-amz-acl');
  if (acl === undefined || acl === 'private' || acl === 'bucket-owner-full-control') return;
  throw new S3Error('AccessControlListNotSupported');
}
