import type { BatchFile } from '../../core/batching/batch.ts';
import type { S3Connection } from '../aws/resolve-connection.ts';
import { partsAtOnce } from './rclone-flags.ts';
import { downloadHeaders, type RcloneHeader } from './rclone-headers.ts';
import { destinationRemote, type InlineRemote, type Reading, sourceRemote } from './rclone-remote.ts';
import type { RcloneVersion } from './rclone-version.ts';

/** Which version of an object to read, and how. */
export type Version = {
  reading: Reading;
  /** Unquoted; null = whichever is there. Only a stream can ask for one. */
  etag: string | null;
  sizeBytes: number;
  /** Whether an ETag of 32 hexadecimal digits is the MD5 of the bytes there. */
  md5: boolean;
};

/** What one `operations/copyfile` is about. */
export type CopyfileCall = {
  file: BatchFile;
  /** A bucket, or the remote and name of whatever else rclone reads. */
  source: S3Connection | { remote: InlineRemote; name: string };
  destination: S3Connection;
  kmsKeyId: string | null;
  /** Of the upload: metadata and tags. */
  headers: RcloneHeader[];
  version: Version;
  /** Goes up in parts. */
  large: boolean;
};

/** The parameters of the call. Holds secrets: never write it anywhere. */
export function copyfileParameters(call: CopyfileCall, rclone: RcloneVersion): Record<string, unknown> {
  const { file, source, kmsKeyId, large, version } = call;
  const { storageClass } = file;
  // rclone keeps one pacer, with its number of tries, for each remote that it has seen: large objects get
  // remotes of their own, in which one refused part of thousands is tried again.
  const own = large ? { upload_concurrency: `${partsAtOnce}` } : {};
  return {
    ...('remote' in source
      ? { srcFs: source.remote, srcRemote: source.name }
      : { srcFs: { ...sourceRemote(source, version), ...own }, srcRemote: file.key }),
    dstFs: { ...destinationRemote(call.destination, rclone, { storageClass, kmsKeyId }), ...own },
    dstRemote: file.to,
    _config: {
      NoCheckDest: true,
      // rclone would hold the new ETag against the source's MD5, and delete what a bucket that encrypts
      // with KMS by default stored rightly. The store checks the MD5 that goes along with a PUT or a part.
      IgnoreChecksum: true,
      Metadata: true,
      LowLevelRetries: large ? 10 : 1,
      UploadHeaders: call.headers,
      DownloadHeaders: downloadHeaders(version.etag),
    },
  };
}

/**
 * How long one call may take. rclone gives up a silent connection after a minute, but one that crawls, or
 * a call that waits for a lost turn (1.60.1 after a redirect), would hold a key for ever.
 */
export function patienceSeconds(sizeBytes: number): number {
  return Math.min(600 + Math.ceil(sizeBytes / (128 * 1024)), 2_000_000);
}
