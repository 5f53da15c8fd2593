import type { RequestsBySide } from '../../core/requests-made.ts';
import type { Side } from '../../core/transfer/copy-failure.ts';
import type { Reading } from './rclone-remote.ts';

/** What a copy needed; its requests follow from it. */
export type CopyShape = {
  sizeBytes: number;
  reading: Reading;
  /** Objects of this size and more go up in parts. */
  partsFromBytes: number;
  partBytes: number;
};

/**
 * The requests of a copy that succeeded, as measured on 1.60.1 and 1.75.2; what rclone repeated on its own
 * is not known.
 *
 * | object                | source                       | destination                       |
 * |-----------------------|------------------------------|-----------------------------------|
 * | below the cut-off     | GET                          | PUT                               |
 * | above, as a stream    | GET                          | create, a PUT per part, complete   |
 * | above, in ranges      | HEAD, a GET per part         | the same, and a HEAD              |
 */
export function requestsOfCopy({ sizeBytes, reading, partsFromBytes, partBytes }: CopyShape): RequestsBySide {
  if (sizeBytes < partsFromBytes) return { source: { GetObject: 1 }, destination: { PutObject: 1 } };
  const parts = Math.ceil(sizeBytes / partSize(sizeBytes, partBytes));
  const upload = { CreateMultipartUpload: 1, UploadPart: parts, CompleteMultipartUpload: 1 };
  return reading === 'stream'
    ? { source: { GetObject: 1 }, destination: upload }
    : { source: { HeadObject: 1, GetObject: parts }, destination: { ...upload, HeadObject: 1 } };
}

/** The least that a copy which failed on that side asked for. */
export function requestsOfFailure(side: Side, shape: CopyShape): RequestsBySide {
  const source = shape.reading === 'stream' ? { GetObject: 1 } : { HeadObject: 1 };
  if (side !== 'destination') return { source, destination: {} };
  const first = shape.sizeBytes < shape.partsFromBytes ? { PutObject: 1 } : { CreateMultipartUpload: 1 };
  return { source, destination: first };
}

/** rclone makes parts of whole MiB larger where 10,000 would not do. [src: rclone, lib/chunksize] */
export function partSize(sizeBytes: number, partBytes: number): number {
  if (sizeBytes <= partBytes * 10_000) return partBytes;
  const MiB = 1024 * 1024;
  return Math.ceil(sizeBytes / 10_000 / MiB) * MiB;
}
