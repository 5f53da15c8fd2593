import { DatabaseSync } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';

const pauseMs = 5;
const longestWaitMs = 30_000;

/** SQLite's result code for a lock that another connection holds. [src: SQLite result codes, SQLITE_BUSY] */
const busyCode = 5;

/**
 * A lock between processes of one machine, held for a few file operations. It is SQLite's lock on an empty
 * database: the operating system releases it when its holder dies at any instant, which no lock file of
 * one's own can promise. The database stays open for as long as the lock is in use: opening it costs more than the lock.
 * Within a process, whoever comes later waits for who came before.
 */
export class WriteLock {
  readonly #file: string;
  #database: DatabaseSync | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(file: string) {
    this.#file = file;
  }

  /**
   * Runs `work` while nobody else runs under this lock and returns what it returns. Throws what `work`
   * throws, and an Error when the lock was not free for 30 seconds. The lock file's folder must exist.
   */
  hold<T>(work: () => T | Promise<T>): Promise<T> {
    const held = this.#last.then(() => this.#hold(work));
    this.#last = held.catch(() => undefined);
    return held;
  }

  async #hold<T>(work: () => T | Promise<T>): Promise<T> {
    this.#database ??= new DatabaseSync(this.#file, { timeout: 0 });
    const database = this.#database;
    for (let waitedMs = 0; !begun(database); waitedMs += pauseMs) {
      if (waitedMs >= longestWaitMs) {
        throw new Error(
          `Another process holds ${this.#file} for more than ${longestWaitMs / 1000} seconds. Find and end it.`,
        );
      }
      await wait(pauseMs);
    }
    try {
      return await work();
    } finally {
      database.exec('ROLLBACK');
    }
  }
}

function begun(database: DatabaseSync): boolean {
  try {
    database.exec('BEGIN IMMEDIATE');
    return true;
  } catch (error) {
    if (error instanceof Error && 'errcode' in error && error.errcode === busyCode) return false;
    throw error;
  }
}
