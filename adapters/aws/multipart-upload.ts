import { createHash } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { ObjectProperties } from '../../core/ports.ts';
import { exactBody, partsOf, requireLength } from './exact-body.ts';
import { confirmedEtag, exactHeaders, inputOf, whenBuilt } from './s3-properties.ts';

/** Amazon S3 takes 10,000 parts of an upload and 5 MiB at least in all but the last. [src: S3 user guide] */
const mostParts = 10_000;
/** Of parts in flight, the one that is gathered and its pieces. */
const memoryBytes = 384 * 1024 * 1024;
const mostAtOnce = 4;

type Part = { PartNumber: number; ETag: string | undefined };

/**
 * Uploads a large body in parts, a few at a time, and returns the object's ETag. Parts are `partBytes`
 * long, longer where 10,000 would not do. At most 384 MiB (or three parts, if that is more) are in memory.
 *
 * The store checks the MD5 of each part. When anything fails or the signal aborts, the promise rejects
 * after the upload was aborted at the store: nothing unfinished stays behind and is paid for. The SDK's own
 * `Upload` rejects first and aborts later, and lets no part carry an MD5 of its own.
 */
export async function uploadInParts(
  client: S3Client,
  target: { Bucket: string; Key: string },
  body: Uint8Array | AsyncIterable<Uint8Array>,
  sizeBytes: number,
  properties: ObjectProperties,
  options: { partBytes: number; signal?: AbortSignal },
): Promise<string> {
  const partBytes = Math.max(options.partBytes, Math.ceil(sizeBytes / mostParts));
  const atOnce = Math.max(1, Math.min(mostAtOnce, Math.floor(memoryBytes / partBytes) - 2));
  const failed = new AbortController();
  const signal = AbortSignal.any([failed.signal, ...(options.signal === undefined ? [] : [options.signal])]);
  const create = new CreateMultipartUploadCommand({ ...target, ...inputOf(properties) });
  create.middlewareStack.add(exactHeaders(properties), whenBuilt);
  const { UploadId } = await client.send(create, { abortSignal: signal });
  const upload = { ...target, UploadId };
  if (body instanceof Uint8Array) requireLength(body, sizeBytes);
  const exact = body instanceof Uint8Array ? body : exactBody(body, sizeBytes);

  const parts: Part[] = [];
  const running = new Set<Promise<void>>();
  /** Why the first part failed: the others then fail because they are aborted. */
  let failure: unknown;
  try {
    for await (const bytes of partsOf(exact, partBytes)) {
      signal.throwIfAborted();
      const part: Part = { PartNumber: parts.push({ PartNumber: 0, ETag: undefined }), ETag: undefined };
      parts[part.PartNumber - 1] = part;
      const sent = client
        .send(
          new UploadPartCommand({
            ...upload,
            PartNumber: part.PartNumber,
            Body: bytes,
            ContentMD5: createHash('md5').update(bytes).digest('base64'),
          }),
          { abortSignal: signal },
        )
        .then((answer) => {
          part.ETag = answer.ETag;
        })
        .finally(() => running.delete(sent));
      running.add(sent);
      // Whoever rejects first is awaited below; the others must not count as unhandled meanwhile.
      sent.catch((error: unknown) => {
        failure ??= error;
        failed.abort();
      });
      if (running.size >= atOnce) await Promise.race(running);
    }
    await Promise.all(running);
    const answer = await client.send(
      new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts: parts } }),
      { abortSignal: signal },
    );
    return confirmedEtag(answer.ETag);
  } catch (error) {
    failed.abort();
    await Promise.allSettled(running);
    // What made the upload fail is what the caller must hear; an abort that fails too is found by the
    // migration's clean-up, which lists unfinished uploads.
    await client.send(new AbortMultipartUploadCommand(upload)).catch(() => undefined);
    throw failure ?? error;
  }
}
