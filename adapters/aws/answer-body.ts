import type { Dispatcher } from 'undici';

type Connection = Pick<Dispatcher.DispatchController, 'pause' | 'resume' | 'abort' | 'paused'>;

/** So many bytes may wait for a reader before the store is asked to hold on. */
const mostWaitingBytes = 256 * 1024;

/**
 * The body of an answer, to be read once: whole, or piece by piece, in which case no more than a few pieces wait. What the
 * exchange hears of the answer comes in by `push`, `end` and `fail`.
 */
export class AnswerBody implements AsyncIterable<Buffer> {
  readonly #connection: Connection;
  #chunks: Buffer[] = [];
  #waitingBytes = 0;
  #ended = false;
  #error: Error | null = null;
  #whole: { use(pieces: Buffer[]): void; fail(error: Error): void } | null = null;
  #wake: (() => void) | null = null;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    if (this.#whole !== null) return;
    this.#waitingBytes += chunk.length;
    if (this.#waitingBytes >= mostWaitingBytes) this.#connection.pause();
    this.#tell();
  }

  end(): void {
    this.#ended = true;
    if (this.#whole === null) this.#tell();
    else this.#handOver(this.#whole);
  }

  fail(error: Error): void {
    this.#error = error;
    this.#chunks = [];
    if (this.#whole === null) this.#tell();
    else this.#whole.fail(error);
  }

  /** Calls `use` with all bytes, in pieces, at their end, or `fail` with what kept them from coming. No promise holds them. */
  whole(use: (pieces: Buffer[]) => void, fail: (error: Error) => void): void {
    const reader = { use, fail };
    if (this.#error !== null) fail(this.#error);
    else if (this.#ended) this.#handOver(reader);
    else {
      this.#whole = reader;
      if (this.#connection.paused) this.#connection.resume();
    }
  }

  /** All bytes. Rejects with what keeps them from coming. */
  bytes(): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.whole((pieces) => {
        const [only] = pieces;
        resolve(only !== undefined && pieces.length === 1 ? only : Buffer.concat(pieces));
      }, reject);
    });
  }

  /** Lets the answer go; its connection is closed unless it has come to its end. */
  destroy(): void {
    if (this.#ended || this.#error !== null) return;
    this.#connection.abort(new Error('nobody reads the answer'));
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    try {
      for (;;) {
        for (let chunk = this.#chunks.shift(); chunk !== undefined; chunk = this.#chunks.shift()) {
          this.#waitingBytes -= chunk.length;
          yield chunk;
        }
        if (this.#error !== null) throw this.#error;
        if (this.#ended) return;
        if (this.#connection.paused) this.#connection.resume();
        const { promise, resolve } = Promise.withResolvers<void>();
        this.#wake = resolve;
        await promise;
      }
    } finally {
      this.destroy();
    }
  }

  #tell(): void {
    this.#wake?.();
    this.#wake = null;
  }

  #handOver({ use }: { use(pieces: Buffer[]): void }): void {
    const pieces = this.#chunks;
    this.#chunks = [];
    use(pieces);
  }
}
