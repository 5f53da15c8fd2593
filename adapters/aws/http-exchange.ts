import { Agent, type ClientRequest, type IncomingMessage, request as plainRequest } from 'node:http';
import { Agent as SecureAgent, request as secureRequest } from 'node:https';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { inTurn } from './in-turn.ts';
import type { StoreAddress } from './store-address.ts';

/** How connections are kept. */
export type ExchangeOptions = { maxSockets: number; connectMs: number; idleMs: number };

/** One request as it goes out. */
export type OutgoingRequest = {
  method: string;
  /** With the query. */
  target: string;
  /** Names and values in turn, as Node writes them: one character a byte. */
  headers: string[];
  body: Uint8Array | null;
  signal: AbortSignal | undefined;
};

/** An error by the name that the SDK gives to it. */
function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}

/** The end of a call whose signal aborted. */
export const abortedError = (): Error => named('AbortError', 'Request aborted');

/**
 * Opens keep-alive connections to one address. `send` resolves with the answer's head and rejects with Node's error, a
 * `TimeoutError` or an `AbortError`; the signal and the limit on silence hold until the answer was read to its end.
 */
export function openExchange(
  { secure, hostname, port }: Pick<StoreAddress, 'secure' | 'hostname' | 'port'>,
  { maxSockets, connectMs, idleMs }: ExchangeOptions,
): { send(request: OutgoingRequest): Promise<IncomingMessage>; close(): void } {
  // Idle connections end by the same limit. The last one that was used is taken first: others may grow old and end.
  const settings = { keepAlive: true, maxSockets, timeout: idleMs, scheduling: 'lifo' } as const;
  const agent = secure ? new SecureAgent(settings) : new Agent(settings);
  const connect = agent.createConnection.bind(agent);
  agent.createConnection = (options, callback) => {
    const socket = connect(options, callback);
    if (socket instanceof Socket) limitConnecting(socket, connectMs);
    return socket;
  };
  const open = secure ? secureRequest : plainRequest;
  const where = { agent, hostname, timeout: idleMs, ...(port === null ? {} : { port }) };

  function send({ method, target, headers, body, signal }: OutgoingRequest): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(abortedError());
      let answer: IncomingMessage | null = null;
      const request: ClientRequest = open({ ...where, method, path: target, headers });
      const end = (error: Error): void => void (answer ?? request).destroy(error);
      request.on('timeout', () => end(named('TimeoutError', `the store was silent for ${idleMs / 1000} s`)));
      request.on('response', (head) => {
        answer = head;
        resolve(head);
      });
      request.on('error', reject);
      if (signal !== undefined) {
        const stop = (): void => end(abortedError());
        signal.addEventListener('abort', stop);
        request.on('close', () => signal.removeEventListener('abort', stop));
      }
      if (body === null) request.end();
      else request.end(body);
    });
  }

  return { send, close: () => agent.destroy() };
}

function limitConnecting(socket: Socket, connectMs: number): void {
  const timer = setTimeout(() => {
    socket.destroy(named('TimeoutError', `no connection to the store was made within ${connectMs / 1000} s`));
  }, connectMs);
  const clear = (): void => clearTimeout(timer);
  socket.once('connect', clear);
  socket.once('close', clear);
}

/** The whole of an answer's body. Rejects with Node's error when it breaks off. */
export function bytesOf(answer: Readable): Promise<Buffer> {
  return new Promise((resolve, reject) => onceWhole(answer, resolve, reject));
}

/**
 * What is read of the whole of an answer's body, in a turn of its own. Rejects as `bytesOf` does, and with what
 * `read` throws. The body itself goes through no promise: those of a request are old when it is answered, and V8 would
 * free what they hold late.
 */
export function readBody<Read>(answer: Readable, read: (body: Buffer) => Read): Promise<Read> {
  return new Promise((resolve, reject) => {
    const take = (body: Buffer): void => {
      try {
        resolve(read(body));
      } catch (error) {
        reject(error);
      }
    };
    onceWhole(answer, (body) => inTurn(() => take(body)), reject);
  });
}

function onceWhole(answer: Readable, use: (body: Buffer) => void, fail: (error: Error) => void): void {
  const chunks: Buffer[] = [];
  let whole = false;
  answer.on('data', (chunk: Buffer) => chunks.push(chunk));
  answer.on('end', () => {
    const [first] = chunks;
    const body = chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks);
    chunks.length = 0;
    whole = true;
    use(body);
  });
  answer.on('error', fail);
  // A request that is aborted while its answer comes may close without an end and without an error.
  answer.on('close', () => {
    if (!whole) fail(named('Error', 'the answer ended before its end'));
  });
}
