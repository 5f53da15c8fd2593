import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import errors from 'undici/lib/core/errors.js';
import Pool from 'undici/lib/dispatcher/pool.js';
import { AnswerBody } from './answer-body.ts';
import { inTurn } from './in-turn.ts';
import type { StoreAddress } from './store-address.ts';

/** How connections are kept. */
export type ExchangeOptions = { maxSockets: number; connectMs: number; idleMs: number };

/** One request as it goes out. */
export type OutgoingRequest = {
  method: Dispatcher.HttpMethod;
  /** With the query. */
  target: string;
  /** Names and values in turn, as they are written: one character a byte. */
  headers: string[];
  body: Uint8Array | null;
  signal: AbortSignal | undefined;
};

/** An answer when its head is there; of a header that came twice the first, or, of user metadata, both. */
export type Answer = { status: number; headers: IncomingHttpHeaders; body: AnswerBody };

/** An error by the name that the SDK gives to it. */
function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}

/** The end of a call whose signal aborted. */
export const abortedError = (): Error => named('AbortError', 'Request aborted');

/** A store is not called silent before a body that it is sent has had a second for each so many bytes. */
const slowestBytesPerSecond = 64 * 1024;

/**
 * Opens keep-alive connections to one address. `send` resolves with the answer's head and rejects with Node's error, a
 * `TimeoutError` or an `AbortError`; the signal and the limit on silence hold until the answer was read to its end.
 */
export function openExchange(
  { secure, host }: Pick<StoreAddress, 'secure' | 'host'>,
  { maxSockets, connectMs, idleMs }: ExchangeOptions,
): { send(request: OutgoingRequest): Promise<Answer>; close(): void } {
  const pool = new Pool(`${secure ? 'https' : 'http'}://${host}`, {
    connections: maxSockets,
    connect: { timeout: connectMs },
    allowH2: false,
    bodyTimeout: idleMs,
    keepAliveTimeout: idleMs,
  });

  /** What undici says, in the words of Node and the SDK. */
  function told(error: Error): Error {
    if (error instanceof errors.HeadersTimeoutError || error instanceof errors.BodyTimeoutError)
      return named('TimeoutError', `the store was silent for ${idleMs / 1000} s`);
    if (error instanceof errors.ConnectTimeoutError)
      return named('TimeoutError', `no connection to the store was made within ${connectMs / 1000} s`);
    if (error instanceof errors.SocketError)
      return Object.assign(new Error('the store closed the connection'), { code: 'ECONNRESET' });
    return error;
  }

  function send({ method, target, headers, body, signal }: OutgoingRequest): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(abortedError());
      let connection: Dispatcher.DispatchController | null = null;
      let answer: AnswerBody | null = null;
      const stop = (): void => {
        reject(abortedError());
        connection?.abort(abortedError());
      };
      const done = whenAborted(signal, stop);
      const sendingMs = body === null ? 0 : (body.byteLength * 1000) / slowestBytesPerSecond;
      pool.dispatch(
        { method, path: target, headers, body, headersTimeout: Math.ceil(idleMs + sendingMs) },
        {
          onRequestStart(given) {
            connection = given;
            if (signal?.aborted === true) given.abort(abortedError());
          },
          onResponseStart(given, status, received) {
            // What comes before the answer, such as that the store is at work.
            if (status < 200) return;
            answer = new AnswerBody(given);
            resolve({ status, headers: single(received), body: answer });
          },
          onResponseData: (_, chunk) => answer?.push(chunk),
          onResponseEnd() {
            done();
            answer?.end();
          },
          onResponseError(_, error) {
            done();
            if (answer === null) reject(told(error));
            else answer.fail(told(error));
          },
        },
      );
    });
  }

  return { send, close: () => void pool.destroy().catch(() => undefined) };
}

const listening = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Calls `stop` when the signal aborts, unless what it gives was called before. Requests of one signal share a listener:
 * `removeEventListener` looks through all of them.
 */
function whenAborted(signal: AbortSignal | undefined, stop: () => void): () => void {
  if (signal === undefined) return () => undefined;
  const stops = listening.get(signal) ?? new Set();
  if (!listening.has(signal)) {
    listening.set(signal, stops);
    signal.addEventListener('abort', () => stops.forEach((each) => void each()), { once: true });
  }
  stops.add(stop);
  return () => void stops.delete(stop);
}

function single(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  for (const name in headers) {
    const value = headers[name];
    if (Array.isArray(value)) headers[name] = name.startsWith('x-amz-meta-') ? value.join(', ') : value[0];
  }
  return headers;
}

/** Where an answer is put together to be read; the next one takes its place. */
let place = Buffer.alloc(512 * 1024);

/**
 * What is read of the whole of an answer's body, in a turn of its own. `read` must keep nothing of what it is given. Rejects
 * as `AnswerBody.bytes` does, and with what `read` throws. The body itself goes through no promise: those of a request are old
 * when it is answered, and V8 would free what they hold late.
 */
export function readBody<Read>(answer: AnswerBody, read: (body: Buffer) => Read): Promise<Read> {
  return new Promise((resolve, reject) => {
    const take = (pieces: readonly Buffer[]): void => {
      try {
        resolve(read(joined(pieces)));
      } catch (error) {
        reject(error);
      }
    };
    answer.whole((pieces) => inTurn(() => take(pieces)), reject);
  });
}

function joined(pieces: readonly Buffer[]): Buffer {
  const sizeBytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
  if (sizeBytes > place.length) place = Buffer.alloc(2 * sizeBytes);
  let at = 0;
  for (const piece of pieces) at += piece.copy(place, at);
  return place.subarray(0, at);
}
