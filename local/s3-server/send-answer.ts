import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { S3Answer } from './operation.ts';
import { errorXml, S3Error } from './s3-error.ts';
import { bareDocument } from './xml-text.ts';

/**
 * Writes an answer. `truncated` sends half of the body under the full length and breaks the connection.
 * Resolves when the last byte is handed over, or when the client has gone.
 */
export async function sendAnswer(
  response: ServerResponse,
  answer: S3Answer,
  fate: 'whole' | 'truncated' = 'whole',
): Promise<void> {
  const { body, status } = answer;
  const headers: Record<string, string | number> = { ...answer.headers };
  const sizeBytes = answer.sizeBytes ?? lengthOf(body);
  if (status !== 204 && status !== 304) headers['content-length'] = sizeBytes;
  response.writeHead(status, headers);
  if (body === undefined || typeof body === 'string' || (body instanceof Uint8Array && fate === 'whole')) {
    response.end(body);
    return;
  }
  if (isPieces(body) && fate === 'whole') {
    // As one write to the socket, and without a copy.
    response.cork();
    for (const piece of body) response.write(piece);
    response.end();
    response.uncork();
    return;
  }
  const pieces = body instanceof Uint8Array ? [body] : body;
  let left = fate === 'whole' ? Number.POSITIVE_INFINITY : Math.floor(sizeBytes / 2);
  for await (const piece of pieces) {
    const isLast = piece.length >= left;
    const hasRoom = response.write(isLast ? piece.subarray(0, left) : piece);
    // A connection that is closed already will emit nothing more to wait for.
    if (response.destroyed || response.closed) return;
    if (!hasRoom) await drained(response);
    left -= piece.length;
    if (isLast) break;
  }
  if (fate === 'whole') response.end();
  else response.socket?.destroySoon();
}

/** Writes a refusal; HEAD and 304 carry no body, as HTTP has it. */
export function sendRefusal(
  response: ServerResponse,
  error: S3Error,
  request: { method: string | undefined; path: string; requestId: string },
): void {
  const document = bareDocument(errorXml(error, request.path, request.requestId));
  const bodiless = request.method === 'HEAD' || error.status === 304;
  const headers: Record<string, string> = { ...error.headers };
  if (error.status !== 304) headers['content-type'] = 'application/xml';
  if (!bodiless) headers['content-length'] = String(Buffer.byteLength(document));
  response.writeHead(error.status, headers);
  response.end(bodiless ? undefined : document);
}

/** Whatever went wrong inside, as a client may see it. */
export function asS3Error(error: unknown): S3Error {
  if (error instanceof S3Error) return error;
  return new S3Error('InternalError', { message: error instanceof Error ? error.message : String(error) });
}

async function drained(response: ServerResponse): Promise<void> {
  const closed = new AbortController();
  try {
    await Promise.race([
      once(response, 'drain', { signal: closed.signal }),
      once(response, 'close', { signal: closed.signal }),
    ]);
  } finally {
    closed.abort();
  }
}

function isPieces(body: S3Answer['body']): body is readonly Uint8Array[] {
  return Array.isArray(body);
}

function lengthOf(body: S3Answer['body']): number {
  if (typeof body === 'string') return Buffer.byteLength(body);
  if (isPieces(body)) return body.reduce((sum, { length }) => sum + length, 0);
  return body instanceof Uint8Array ? body.length : 0;
}
