import { Readable } from 'node:stream';
import { GetObjectCommand, HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { ObjectBody, ObjectDetails } from '../../core/ports.ts';
import type { GetOptions } from './direct-objects.ts';
import { detailsOf, noAnswer } from './s3-properties.ts';

type Target = { Bucket: string; Key: string };

/** What the store knows of the object, asked by the SDK. */
export async function headBySdk(client: S3Client, target: Target): Promise<ObjectDetails> {
  return detailsOf(target.Key, await client.send(new HeadObjectCommand(target)));
}

/** The object's head, and its bytes as they come, asked by the SDK. */
export async function getBySdk(
  client: S3Client,
  target: Target,
  { range, ifMatch, signal }: GetOptions,
  asFailure: (error: unknown) => Error,
): Promise<{ details: ObjectDetails; body: ObjectBody }> {
  const command = new GetObjectCommand({
    ...target,
    ...(range === undefined ? {} : { Range: `bytes=${range.first}-${range.last}` }),
    ...(ifMatch === undefined ? {} : { IfMatch: `"${ifMatch}"` }),
  });
  const answer = await client.send(command, signal === undefined ? {} : { abortSignal: signal });
  const stream = answer.Body instanceof Readable ? answer.Body : Readable.from([]);
  try {
    if (range !== undefined && answer.ContentRange?.startsWith(`bytes ${range.first}-`) !== true) {
      throw noAnswer('gave other bytes than the range that was asked for');
    }
    return { details: detailsOf(target.Key, answer), body: piecesOf(stream, asFailure) };
  } catch (error) {
    stream.destroy();
    throw error;
  }
}

async function* piecesOf(stream: Readable, asFailure: (error: unknown) => Error): AsyncGenerator<Uint8Array> {
  try {
    yield* stream;
  } catch (error) {
    throw asFailure(error);
  }
}
