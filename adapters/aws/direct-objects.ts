import type { ObjectBody, ObjectDetails, ObjectProperties } from '../../core/ports.ts';
import type { AnswerBody } from './answer-body.ts';
import { requireLength } from './exact-body.ts';
import { detailsInHeaders, headersToWrite } from './object-headers.ts';
import { taggingBySdk } from './read-by-sdk.ts';
import { confirmedEtag, noAnswer, tagsOf } from './s3-properties.ts';
import type { S3Requests } from './s3-requests.ts';
import { parseTagging } from './tagging-xml.ts';

/** How a GET is narrowed. */
export type GetOptions = { range?: { first: number; last: number }; ifMatch?: string; signal?: AbortSignal };

/**
 * Google's store unpacks objects that are stored gzipped, and then tells no size, unless the request takes gzip. Some
 * stores pack others on the way for such a request, so that nobody else is told. It is not signed: Google changes it
 * before it checks. [src: Google Cloud Storage, "Transcoding of gzip-compressed files"; rclone, provider GCS]
 */
function headersToRead(provider: string): Record<string, string> {
  return provider === 'GCS' ? { 'accept-encoding': 'gzip' } : {};
}

/** What the store knows of the object. */
export async function headDirectly(requests: S3Requests, key: string): Promise<ObjectDetails> {
  const { headers } = await requests.collect({ operation: 'HeadObject', method: 'HEAD', key });
  return detailsInHeaders(key, headers);
}

/** The object's head, and its bytes as they come; `asFailure` makes the error of bytes that break off. */
export async function getDirectly(
  requests: S3Requests,
  key: string,
  { range, ifMatch, signal, provider }: GetOptions & { provider: string },
  asFailure: (error: unknown) => Error,
): Promise<{ details: ObjectDetails; body: ObjectBody }> {
  const asked = headersToRead(provider);
  if (range !== undefined) asked.range = `bytes=${range.first}-${range.last}`;
  if (ifMatch !== undefined) asked['if-match'] = `"${ifMatch}"`;
  const { headers, body } = await requests.open({
    operation: 'GetObject',
    method: 'GET',
    key,
    headers: asked,
    signal,
  });
  try {
    if (range !== undefined && headers['content-range']?.startsWith(`bytes ${range.first}-`) !== true) {
      throw noAnswer('gave other bytes than the range that was asked for');
    }
    return { details: detailsInHeaders(key, headers), body: bodyOf(body, asFailure) };
  } catch (error) {
    body.destroy();
    throw error;
  }
}

/** A body that can be read piece by piece, or whole, which costs a small object less. */
function bodyOf(answer: AnswerBody, asFailure: (error: unknown) => Error): ObjectBody {
  async function* pieces(): AsyncGenerator<Uint8Array> {
    try {
      yield* answer;
    } catch (error) {
      throw asFailure(error);
    }
  }
  return {
    [Symbol.asyncIterator]: pieces,
    whole: () =>
      answer.bytes().catch((error: unknown) => {
        throw asFailure(error);
      }),
  };
}

/** Writes a body in memory in one request, and gives the ETag by which the store confirms it. */
export async function putDirectly(
  requests: S3Requests,
  key: string,
  body: Uint8Array,
  sizeBytes: number,
  properties: ObjectProperties,
  signal?: AbortSignal,
): Promise<string> {
  requireLength(body, sizeBytes);
  const headers = headersToWrite(properties);
  const answer = await requests.collect({
    operation: 'PutObject',
    method: 'PUT',
    key,
    headers,
    body,
    signal,
  });
  return confirmedEtag(answer.headers.etag);
}

/** The object's tags. */
export async function tagsDirectly(requests: S3Requests, key: string): Promise<Record<string, string>> {
  const { body } = await requests.collect({
    operation: 'GetObjectTagging',
    method: 'GET',
    key,
    query: 'tagging=',
  });
  return parseTagging(body) ?? tagsOf(await taggingBySdk(body));
}
