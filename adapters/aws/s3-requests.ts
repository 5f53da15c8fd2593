import { hash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { AnswerBody } from './answer-body.ts';
import { textOfHeaders, wireHeaders } from './header-text.ts';
import { type Answer, abortedError, openExchange, readBody } from './http-exchange.ts';
import { pauseBeforeRetry } from './may-retry.ts';
import { RefusedAnswer } from './refused-answer.ts';
import {
  emptyPayloadHash,
  pathOfKey,
  type SigningCredentials,
  type SignRequest,
  signerOf,
  unsignedPayload,
} from './sign-request.ts';
import type { StoreAddress } from './store-address.ts';

/** One request to a bucket. */
export type S3Request = {
  /** As it is billed and counted, such as `GetObject`. */
  operation: string;
  method: 'GET' | 'HEAD' | 'PUT';
  /** null = the bucket itself. */
  key: string | null;
  /** In canonical form. */
  query?: string;
  /** By lower-case name, as text. */
  headers?: Record<string, string>;
  body?: Uint8Array;
  signal?: AbortSignal | undefined;
};

/** A successful answer; headers are text. */
export type S3Answer<Body> = { headers: IncomingHttpHeaders; body: Body };

/** What the requests of a bucket are made with. */
export type S3RequestsOptions = {
  address: StoreAddress;
  /** Told at each request where they may change; the same object as long as they have not. */
  credentials: SigningCredentials | (() => Promise<SigningCredentials>);
  maxAttempts: number;
  maxSockets: number;
  connectMs: number;
  idleMs: number;
  /** Called for each request that leaves. */
  count(operation: string): void;
  /** How far the store's clock is ahead of this machine's, in milliseconds. */
  skew: { get(): number; set(milliseconds: number): void };
};

/** The SDK corrects from there on; S3 refuses at 15 minutes. */
const skewFromMs = 240_000;
const skewNames = new Set([
  'RequestTimeTooSkewed',
  'RequestExpired',
  'RequestInTheFuture',
  'SignatureDoesNotMatch',
]);

/** Each repetition costs five of these, each success gives one back: a store that only fails is not asked thrice as often. */
const retryTokens = 500;
const retryCost = 5;

/**
 * Signed requests to one bucket over undici, for what is asked millions of times: they cost a fraction of what
 * they cost through the SDK's middleware, and mean the same at the store. Rejects with what `storeError` reads.
 *
 * A request is repeated as the SDK's standard mode does: connections that fail, 5xx, throttles, and once the clock is set
 * right; never an answer whose body was handed over.
 */
export class S3Requests {
  readonly #options: S3RequestsOptions;
  readonly #exchange: ReturnType<typeof openExchange>;
  readonly #signer: () => Promise<SignRequest>;
  #retryTokens = retryTokens;

  constructor(options: S3RequestsOptions) {
    this.#options = options;
    const { address, credentials } = options;
    this.#exchange = openExchange(address, options);
    this.#signer = signerOf(credentials, { region: address.signingRegion });
  }

  /** The answer with its whole body. */
  collect(request: S3Request): Promise<S3Answer<Buffer>> {
    return this.#persistently(request, (body) => body.bytes());
  }

  /** What is read of the whole body; see `readBody`. What `read` throws is no failure of the request: nothing is repeated for it. */
  read<Read>(request: S3Request, read: (body: Buffer) => Read): Promise<S3Answer<Read>> {
    return this.#persistently(request, (body) => readBody(body, read));
  }

  /** The answer when its head is there. The body holds a connection until it is read, destroyed, or the signal aborts. */
  open(request: S3Request): Promise<S3Answer<AnswerBody>> {
    return this.#persistently(request, (body) => body);
  }

  close(): void {
    this.#exchange.close();
  }

  async #persistently<Body>(
    request: S3Request,
    read: (body: AnswerBody) => Body | Promise<Body>,
  ): Promise<S3Answer<Body>> {
    for (let attempt = 1; ; attempt++) {
      try {
        const answer = await this.#send(request);
        const body = await read(answer.body);
        this.#retryTokens = Math.min(retryTokens, this.#retryTokens + 1);
        return { headers: textOfHeaders(answer.headers), body };
      } catch (error) {
        const pauseMs = this.#correctClock(error) ? 0 : pauseBeforeRetry(error, attempt, Math.random);
        const spent = attempt >= this.#options.maxAttempts || this.#retryTokens < retryCost;
        if (error instanceof RefusedAnswer) error.$metadata.attempts = attempt;
        if (pauseMs === null || spent || request.signal?.aborted === true) throw error;
        this.#retryTokens -= retryCost;
        await pause(pauseMs, request.signal);
      }
    }
  }

  async #send(request: S3Request): Promise<Answer> {
    const { address, count, skew } = this.#options;
    const { method, key, query = '', body = null, signal } = request;
    const sign = await this.#signer();
    const path = key === null ? address.path || '/' : `${address.path}/${pathOfKey(key)}`;
    const headers: Record<string, string> = {
      ...request.headers,
      host: address.host,
      'user-agent': 'drover',
    };
    if (body !== null) headers['content-length'] = `${body.byteLength}`;
    sign({ method, path, query, headers, payloadHash: this.#hashOf(body, headers) }, Date.now() + skew.get());
    count(request.operation);
    const target = query === '' ? path : `${path}?${query}`;
    const answer = await this.#exchange.send({ method, target, headers: wireHeaders(headers), body, signal });
    const { status } = answer;
    if (status >= 200 && status < 300) return answer;
    const said = method === 'HEAD' ? '' : (await answer.body.bytes()).toString();
    throw new RefusedAnswer(status, answer.headers, said, method === 'HEAD');
  }

  /**
   * TLS keeps a body whole on its way, and so does a Content-MD5, which is signed; else the hash of the body has to be.
   * [src: AWS SDK for Java, AWS4UnsignedPayloadSigner, and IBM's; rclone leaves the hash out without TLS as well]
   */
  #hashOf(body: Uint8Array | null, headers: Readonly<Record<string, string>>): string {
    if (body === null || body.byteLength === 0) return emptyPayloadHash;
    const isKept = this.#options.address.secure || headers['content-md5'] !== undefined;
    return isKept ? unsignedPayload : hash('sha256', body);
  }

  /** Whether the store refused the time of the request, and the next one will have the store's. */
  #correctClock(error: unknown): boolean {
    if (!(error instanceof RefusedAnswer) || !skewNames.has(error.name) || error.serverMs === null)
      return false;
    const { skew } = this.#options;
    const offMs = error.serverMs - Date.now();
    if (Math.abs(offMs - skew.get()) < skewFromMs) return false;
    skew.set(offMs);
    return true;
  }
}

/** Rejects at once when the signal aborts. */
function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(abortedError());
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, milliseconds);
    signal?.addEventListener('abort', stop, { once: true });
  });
}
