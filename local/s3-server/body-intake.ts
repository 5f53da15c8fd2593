import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { AwsChunkedDecoder } from './aws-chunked.ts';
import { BodyDigests, isChecksumHeader, VERIFIED_CHECKSUMS } from './body-digests.ts';
import type { BodyStore } from './body-store.ts';
import { LARGEST_INDEXED_BODY_BYTES } from './index-database.ts';
import type { PendingBody } from './object-shelf.ts';
import { S3Error } from './s3-error.ts';

/** S3's limit for one PUT of an object or a part. */
const LARGEST_PUT_BYTES = 5 * 1024 ** 3;

export type ReceivedBody = {
  readonly body: PendingBody;
  readonly sizeBytes: number;
  readonly md5: string;
  /** `x-amz-checksum-*` the client sent, in headers or in trailers. */
  readonly checksums: Readonly<Record<string, string>>;
};

/**
 * Receives, decodes and checks a request's body. Small ones end in memory, large ones pass through to the
 * body store a few hundred kilobytes at a time. Nothing is visible yet when it returns, and nothing is left
 * behind when it throws.
 * @throws {S3Error} MissingContentLength, EntityTooLarge, IncompleteBody and the digest errors
 */
export async function receiveBody(message: IncomingMessage, store: BodyStore): Promise<ReceivedBody> {
  const plan = planIntake(message.headers);
  const digests = new BodyDigests(plan.digests);
  const decoder = plan.chunked ? new AwsChunkedDecoder() : undefined;
  let sizeBytes = 0;
  const pieces = (chunk: Uint8Array): readonly Uint8Array[] => {
    const payload = decoder === undefined ? [chunk] : decoder.decode(chunk);
    for (const piece of payload) {
      digests.update(piece);
      sizeBytes += piece.length;
    }
    if (sizeBytes > plan.expectedBytes) throw new S3Error('IncompleteBody');
    return payload;
  };
  const settle = (): { md5: string; checksums: Readonly<Record<string, string>> } => {
    decoder?.end();
    if (sizeBytes !== plan.expectedBytes) throw new S3Error('IncompleteBody');
    const checksums = { ...plan.checksums };
    for (const [name, value] of decoder?.trailers ?? []) if (isChecksumHeader(name)) checksums[name] = value;
    const { contentMd5, payloadSha256 } = plan;
    return { md5: digests.settle({ contentMd5, payloadSha256, checksums }), checksums };
  };
  if (plan.expectedBytes <= LARGEST_INDEXED_BODY_BYTES) {
    const chunks: Uint8Array[] = [];
    await eachChunk(message, (chunk) => chunks.push(...pieces(chunk)));
    const { md5, checksums } = settle();
    return { body: { bytes: Buffer.concat(chunks) }, sizeBytes, md5, checksums };
  }
  const writer = store.writer();
  try {
    const chunks = message.iterator({ destroyOnReturn: false });
    for await (const chunk of chunks) for (const piece of pieces(chunk)) await writer.write(piece);
    const { md5, checksums } = settle();
    return { body: { parts: [await writer.finish()] }, sizeBytes, md5, checksums };
  } catch (error) {
    await writer.abandon();
    throw error;
  }
}

/**
 * A whole short document, such as the XML of a DeleteObjects request.
 * @throws {S3Error} MalformedXML past `limitBytes`, and what `receiveBody` throws
 */
export async function receiveDocument(
  message: IncomingMessage,
  store: BodyStore,
  limitBytes: number,
): Promise<string> {
  const declared = Number(message.headers['content-length'] ?? 0);
  if (declared > limitBytes) throw new S3Error('MalformedXML');
  const received = await receiveBody(message, store);
  if ('bytes' in received.body) return Buffer.from(received.body.bytes).toString('utf8');
  const chunks: Uint8Array[] = [];
  for (const part of received.body.parts) {
    for await (const chunk of store.read(part.id, 0, part.sizeBytes)) chunks.push(chunk);
    store.discard(part.id);
  }
  return Buffer.concat(chunks).toString('utf8');
}

type IntakePlan = {
  readonly chunked: boolean;
  readonly expectedBytes: number;
  readonly contentMd5: string | undefined;
  readonly payloadSha256: string | undefined;
  readonly checksums: Readonly<Record<string, string>>;
  readonly digests: ReadonlySet<string>;
};

function planIntake(headers: IncomingHttpHeaders): IntakePlan {
  const payloadHash = String(headers['x-amz-content-sha256'] ?? '');
  const chunked =
    payloadHash.startsWith('STREAMING-') || /\baws-chunked\b/i.test(headers['content-encoding'] ?? '');
  const length = chunked ? headers['x-amz-decoded-content-length'] : headers['content-length'];
  if (length === undefined && (chunked || headers['transfer-encoding'] !== undefined)) {
    throw new S3Error('MissingContentLength');
  }
  const expectedBytes = Number(length ?? 0);
  if (!Number.isSafeInteger(expectedBytes) || expectedBytes < 0) throw new S3Error('MissingContentLength');
  if (expectedBytes > LARGEST_PUT_BYTES) throw new S3Error('EntityTooLarge');
  const payloadSha256 = /^[0-9a-f]{64}$/i.test(payloadHash) ? payloadHash.toLowerCase() : undefined;
  const checksums: Record<string, string> = {};
  for (const name in headers) {
    if (isChecksumHeader(name)) checksums[name] = String(headers[name]);
  }
  const announced = new Set([
    ...Object.keys(checksums),
    String(headers['x-amz-trailer'] ?? '').toLowerCase(),
  ]);
  const digests = new Set<string>(VERIFIED_CHECKSUMS.filter((name) => announced.has(name)));
  if (payloadSha256 !== undefined) digests.add('payload');
  const contentMd5 = headers['content-md5'];
  const md5 = typeof contentMd5 === 'string' ? contentMd5 : undefined;
  return { chunked, expectedBytes, contentMd5: md5, payloadSha256, checksums, digests };
}

/** Events instead of `for await`: for a body of one chunk that is several times cheaper. */
function eachChunk(message: IncomingMessage, take: (chunk: Buffer) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    message.on('data', (chunk: Buffer) => {
      try {
        take(chunk);
      } catch (error) {
        message.removeAllListeners('data').resume();
        reject(error);
      }
    });
    message.once('end', resolve);
    message.once('error', reject);
    message.once('close', () => {
      if (!message.complete) reject(new S3Error('IncompleteBody'));
    });
  });
}
