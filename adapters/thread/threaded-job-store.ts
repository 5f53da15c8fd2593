import { once } from 'node:events';
import type { Worker } from 'node:worker_threads';
import type { Lines } from '../../core/json-lines.ts';
import type { JobStore } from '../../core/ports.ts';
import { errorOf, type WriteAnswered, type WriteAsked } from './thread-messages.ts';

type Waiting = { resolve(written: { version: string }): void; reject(error: Error): void };

/**
 * A job store that writes in a thread of its own, and encodes lines there: who fills it goes on with its work on
 * another core. The thread holds the process only while a write is under way. When it ends, every write fails.
 */
export class ThreadedJobStore implements JobStore {
  readonly #near: JobStore;
  readonly #thread: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #asked = 0;
  #ended: Error | undefined;

  private constructor(near: JobStore, thread: Worker) {
    this.#near = near;
    this.#thread = thread;
    thread.on('message', (answers: WriteAnswered[]) => {
      for (const answer of answers) this.#settle(answer);
      if (this.#waiting.size === 0) thread.unref();
    });
    thread.once('error', (error) => this.#fail(error instanceof Error ? error : new Error(String(error))));
    thread.once('exit', (code) => this.#fail(endedWith(code)));
    thread.unref();
  }

  /**
   * Resolves when the thread, in which `serveJobStore` serves the same store as `near`, listens. Reads and the rest are done by
   * `near`. Rejects with what the thread ended in.
   */
  static async open(near: JobStore, thread: Worker): Promise<ThreadedJobStore> {
    const ended = once(thread, 'exit').then(([code]) => {
      throw endedWith(code);
    });
    ended.catch(() => undefined);
    await Promise.race([once(thread, 'message'), ended]);
    return new ThreadedJobStore(near, thread);
  }

  write(
    path: string,
    bytes: Uint8Array,
    options: { replaces?: string | null } = {},
  ): Promise<{ version: string }> {
    return this.#ask({ path, content: { bytes }, options });
  }

  async writeLines(path: string, lines: Lines): Promise<{ version: string }> {
    try {
      return await this.#ask({ path, content: { lines: lines.text() } });
    } finally {
      lines.release();
    }
  }

  read(path: string): Promise<{ bytes: Uint8Array; version: string } | null> {
    return this.#near.read(path);
  }

  stream(path: string): Promise<AsyncIterable<Uint8Array> | null> {
    return this.#near.stream(path);
  }

  list(prefix: string): AsyncIterable<string> {
    return this.#near.list(prefix);
  }

  delete(path: string): Promise<void> {
    return this.#near.delete(path);
  }

  address(path: string): string {
    return this.#near.address(path);
  }

  /** Ends the thread. Writes that are under way may come to nothing. */
  async close(): Promise<void> {
    await this.#thread.terminate();
  }

  #ask(write: Omit<WriteAsked, 'number'>): Promise<{ version: string }> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    const number = this.#asked++;
    return new Promise((resolve, reject) => {
      this.#thread.postMessage({ number, ...write } satisfies WriteAsked);
      if (this.#waiting.size === 0) this.#thread.ref();
      this.#waiting.set(number, { resolve, reject });
    });
  }

  #settle(answer: WriteAnswered): void {
    const waiting = this.#waiting.get(answer.number);
    this.#waiting.delete(answer.number);
    if ('version' in answer) waiting?.resolve({ version: answer.version });
    else waiting?.reject(errorOf(answer.failure));
  }

  #fail(error: Error): void {
    this.#ended ??= error;
    for (const { reject } of this.#waiting.values()) reject(this.#ended);
    this.#waiting.clear();
  }
}

function endedWith(code: number): Error {
  return new Error(`the thread of the job store ended with ${code}`);
}
