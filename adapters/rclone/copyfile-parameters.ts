import type { BatchFile } from '../../core/batching/batch.ts';
import type { S3Connection } from '../aws/resolve-connection.ts';
import { partsAtOnce } from './rclone-flags.ts';
import { downloadHeaders, type RcloneHeader } from './rclone-headers.ts';
import { destinationRemote, type Reading, sourceRemote } from './rclone-remote.ts';
import type { RcloneVersion } from './rclone-version.ts';

/** What one `operations/copyfile` is about. */
export type CopyfileCall = {
  file: BatchFile;
  source: S3Connection;
  destination: S3Connection;
  kmsKeyId: string | null;
  /** Of the upload: metadata and tags. */
  headers: RcloneHeader[];
  reading: Reading;
  /** The version to read, unquoted; null = whichever is there. */
  etag: string | null;
  /** Goes up in parts. */
  large: boolean;
};

/** The parameters of the call. Holds secrets: never write it anywhere. */
export function copyfileParameters(call: CopyfileCall, version: RcloneVersion): Record<string, unknown> {
  const { file, kmsKeyId, large } = call;
  const { storageClass } = file;
  // rclone keeps one pacer, with its number of tries, for each remote that it has seen: large objects get
  // remotes of their own, in which one refused part of thousands is tried again.
  const own = large ? { upload_concurrency: `${partsAtOnce}` } : {};
  return {
    srcFs: { ...sourceRemote(call.source, call.reading), ...own },
    srcRemote: file.key,
    dstFs: { ...destinationRemote(call.destination, version, { storageClass, kmsKeyId }), ...own },
    dstRemote: file.to,
    _config: {
      NoCheckDest: true,
      Metadata: true,
      LowLevelRetries: large ? 10 : 1,
      UploadHeaders: call.headers,
      DownloadHeaders: downloadHeaders(call.etag),
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
