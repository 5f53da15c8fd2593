import type { S3Connection } from '../aws/resolve-connection.ts';
import { isAtLeast, type RcloneVersion } from './rclone-version.ts';

/** A remote given with the call itself. rclone wants every value as text. Holds secrets: never write it. */
export type InlineRemote = Record<string, string>;

/** One GET for all, or parallel GETs of ranges. */
export type Reading = 'stream' | 'ranges';

/**
 * The source as rclone is to see it. A stream is one GET without the HEAD before it; parallel ranges need
 * the size, which the HEAD tells. rclone takes an ETag that looks like an MD5 for one, except where the
 * remote is said to encrypt with KMS, which is the way to tell it; reading sends nothing of it.
 */
export function sourceRemote(
  connection: S3Connection,
  how: { reading: Reading; md5: boolean },
): InlineRemote {
  return {
    ...commonRemote(connection),
    no_head_object: `${how.reading === 'stream'}`,
    ...(how.md5 ? {} : { server_side_encryption: 'aws:kms' }),
  };
}

/**
 * The destination as rclone is to see it: no HEAD after a PUT that the store confirmed.
 *
 * Without a storage class 1.75 writes the class of the source's object, which the destination need not
 * know, and 1.60 none; both are told STANDARD, which is what a bucket gives to an object without one.
 * rclone before 1.61 sends a canned ACL in any case: `private` unless told, which Amazon S3 refuses in
 * buckets whose ACLs are disabled, while `bucket-owner-full-control` is always taken there. [src: Amazon S3
 * user guide, "Controlling ownership of objects"]
 */
export function destinationRemote(
  connection: S3Connection,
  version: RcloneVersion,
  options: { storageClass: string | null; kmsKeyId: string | null },
): InlineRemote {
  return {
    ...commonRemote(connection),
    no_head: 'true',
    storage_class: options.storageClass ?? 'STANDARD',
    ...(options.kmsKeyId === null
      ? {}
      : { server_side_encryption: 'aws:kms', sse_kms_key_id: options.kmsKeyId }),
    ...(connection.endpoint === null && !isAtLeast(version, 1, 61)
      ? { acl: 'bucket-owner-full-control' }
      : {}),
  };
}

/** rclone's names are case-sensitive; with an address of its own, no store is Amazon's. */
function commonRemote({ provider, bucket, region, endpoint, credentials }: S3Connection): InlineRemote {
  return {
    type: 's3',
    provider: endpoint === null ? 'AWS' : /^aws$/i.test(provider) ? 'Other' : provider,
    region,
    ...(endpoint === null ? {} : { endpoint, force_path_style: 'true' }),
    no_check_bucket: 'true',
    ...(credentials === null
      ? { env_auth: 'true' }
      : {
          access_key_id: credentials.accessKeyId,
          secret_access_key: credentials.secretAccessKey,
          ...(credentials.sessionToken === undefined ? {} : { session_token: credentials.sessionToken }),
        }),
    _root: bucket,
  };
}
