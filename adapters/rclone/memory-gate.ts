/**
 * Lets work in as long as its memory fits into a budget, in the order in which it asked. Work that is
 * larger than the whole budget is let in alone.
 */
export class MemoryGate {
  readonly #budgetBytes: number;
  readonly #waiting: { bytes: number; enter(): void }[] = [];
  #usedBytes = 0;

  constructor(budgetBytes: number) {
    this.#budgetBytes = budgetBytes;
  }

  /** Resolves with a function that gives the memory back, or with null when the signal aborts before. */
  async enter(bytes: number, signal: AbortSignal): Promise<(() => void) | null> {
    if (signal.aborted) return null;
    return new Promise((resolve) => {
      const place = {
        bytes,
        enter: () => {
          signal.removeEventListener('abort', giveUp);
          this.#usedBytes += bytes;
          resolve(() => {
            this.#usedBytes -= bytes;
            this.#letIn();
          });
        },
      };
      const giveUp = () => {
        const at = this.#waiting.indexOf(place);
        if (at >= 0) this.#waiting.splice(at, 1);
        resolve(null);
        this.#letIn();
      };
      signal.addEventListener('abort', giveUp, { once: true });
      this.#waiting.push(place);
      this.#letIn();
    });
  }

  #letIn(): void {
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      if (this.#usedBytes > 0 && this.#usedBytes + first.bytes > this.#budgetBytes) return;
      this.#waiting.shift();
      first.enter();
    }
  }
}
