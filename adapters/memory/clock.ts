import type { Clock } from '../../core/ports.ts';

type Sleeper = { wakesAtMs: number; wake: () => void };

/** A clock that a test moves. */
export class ManualClock implements Clock {
  #nowMs: number;
  readonly #selfMoving: boolean;
  #sleepers: Sleeper[] = [];

  /** `selfMoving`: a sleep moves the clock to its own end at once, so that nobody has to. */
  constructor(startMs = 0, options: { selfMoving?: boolean } = {}) {
    this.#nowMs = startMs;
    this.#selfMoving = options.selfMoving ?? false;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  /** How many sleep just now: a test waits for it to know that the other side has gone to sleep. */
  sleeping(): number {
    return this.#sleepers.length;
  }

  async sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true || milliseconds <= 0) return;
    if (this.#selfMoving) {
      this.#nowMs += milliseconds;
      return;
    }
    await new Promise<void>((resolve) => {
      const wake = () => {
        signal?.removeEventListener('abort', wake);
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        resolve();
      };
      const sleeper = { wakesAtMs: this.#nowMs + milliseconds, wake };
      this.#sleepers.push(sleeper);
      signal?.addEventListener('abort', wake, { once: true });
    });
  }

  /** Moves on, waking each sleeper at its own time, and lets what it wakes run before the next one. */
  async advance(milliseconds: number): Promise<void> {
    const endMs = this.#nowMs + milliseconds;
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      const next = this.#sleepers
        .filter(({ wakesAtMs }) => wakesAtMs <= endMs)
        .sort((a, b) => a.wakesAtMs - b.wakesAtMs)[0];
      if (next === undefined) break;
      this.#nowMs = Math.max(this.#nowMs, next.wakesAtMs);
      next.wake();
    }
    this.#nowMs = endMs;
  }
}
