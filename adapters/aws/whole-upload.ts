import { Readable } from 'node:stream';
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { ObjectProperties } from '../../core/ports.ts';
import { exactBody, requireLength } from './exact-body.ts';
import { confirmedEtag, exactHeaders, inputOf, whenBuilt } from './s3-properties.ts';

/**
 * Uploads a body in one request and returns the object's ETag. The SDK pipes a stream into the socket and
 * never hears of its failure, which would leave the request hanging: here it is aborted, and the promise
 * rejects with what made the stream fail.
 */
export async function uploadWhole(
  client: S3Client,
  target: { Bucket: string; Key: string },
  body: Uint8Array | AsyncIterable<Uint8Array>,
  sizeBytes: number,
  properties: ObjectProperties,
  signal?: AbortSignal,
): Promise<string> {
  const sent = body instanceof Uint8Array ? inMemory(body, sizeBytes) : streamed(body, sizeBytes);
  const broken = new AbortController();
  let failure: unknown;
  if (sent instanceof Readable) {
    sent.once('error', (error) => {
      failure = error;
      broken.abort();
    });
  }
  const command = new PutObjectCommand({
    ...target,
    ...inputOf(properties),
    Body: sent,
    ContentLength: sizeBytes,
    ...(typeof properties.contentMd5 === 'string' ? { ContentMD5: properties.contentMd5 } : {}),
  });
  command.middlewareStack.add(exactHeaders(properties), whenBuilt);
  try {
    const abortSignal = AbortSignal.any([broken.signal, ...(signal === undefined ? [] : [signal])]);
    return confirmedEtag((await client.send(command, { abortSignal })).ETag);
  } catch (error) {
    throw failure ?? error;
  } finally {
    if (sent instanceof Readable) sent.destroy();
  }
}

function inMemory(body: Uint8Array, sizeBytes: number): Uint8Array {
  requireLength(body, sizeBytes);
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}

function streamed(body: AsyncIterable<Uint8Array>, sizeBytes: number): Readable {
  return Readable.from(exactBody(body, sizeBytes), { objectMode: false });
}
