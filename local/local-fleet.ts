import type { Clock, Fleet, QueueCounts } from '../core/ports.ts';
import { desiredWorkers } from '../core/scaling/desired-workers.ts';
import type { Child } from './child.ts';

export type LocalFleetParts = {
  /** Starts worker number n, counted from 1 and never used twice. */
  startWorker(number: number): Child;
  counts(): Promise<QueueCounts>;
  clock: Clock;
  /** Workers that this machine may run, whatever the request allows. */
  most: number;
  /** Messages that one worker is worth. */
  batchesPerWorker: number;
  /** How long a worker that was asked to leave may take; then it is killed. */
  graceSeconds: number;
  onNotice(notice: string): void;
};

/** Pause between two looks at the queue. */
const tickMs = 500;
/** Looks in a row that must want fewer workers before one is let go, so that a short lull ends nobody. */
const calmTicks = 6;
/** A worker that ends by itself within this time makes the next start wait. */
const shortLifeMs = 5_000;

/** Workers as processes of this machine, between the bounds, by the same arithmetic as the scaling policy. */
export class LocalFleet implements Fleet {
  readonly #parts: LocalFleetParts;
  readonly #workers = new Map<number, Child>();
  readonly #leaving = new Set<number>();
  #bounds = { minimum: 0, maximum: 0 };
  #desired = 0;
  #started = 0;
  #calm = 0;
  #shortLives = 0;
  #startNotBeforeMs = 0;
  #ticking: Promise<void> | null = null;
  #closed = new AbortController();

  constructor(parts: LocalFleetParts) {
    this.#parts = parts;
  }

  async setBounds({
    minimum,
    maximum,
    desired,
  }: {
    minimum: number;
    maximum: number;
    desired: number;
  }): Promise<void> {
    this.#bounds = {
      minimum: Math.min(minimum, this.#parts.most),
      maximum: Math.min(maximum, this.#parts.most),
    };
    this.#desired = Math.min(desired, this.#bounds.maximum);
    this.#adjust();
    this.#ticking ??= this.#tick();
  }

  async size(): Promise<{ desired: number; running: number }> {
    return { desired: this.#desired, running: this.#workers.size };
  }

  /** Stops everything for good: gently, or at once. Resolves when no worker is left. */
  async close(how: 'gently' | 'at-once'): Promise<void> {
    this.#closed.abort();
    this.#bounds = { minimum: 0, maximum: 0 };
    for (const [number, worker] of this.#workers) how === 'gently' ? this.#dismiss(number) : worker.kill();
    await Promise.all([...this.#workers.values()].map(({ ended }) => ended));
    await this.#ticking;
  }

  /** Ends one worker the hard way, as a lost machine would; false when none runs. */
  killOne(): boolean {
    const [worker] = this.#workers.values();
    worker?.kill();
    return worker !== undefined;
  }

  async #tick(): Promise<void> {
    const { counts, clock, batchesPerWorker } = this.#parts;
    while (!this.#closed.signal.aborted) {
      const backlog = await counts().catch(() => null);
      if (backlog !== null && !this.#closed.signal.aborted) {
        const wanted = desiredWorkers(backlog, this.#bounds, batchesPerWorker);
        this.#calm = wanted < this.#desired ? this.#calm + 1 : 0;
        if (wanted > this.#desired || this.#calm >= calmTicks || this.#desired > this.#bounds.maximum)
          this.#desired = wanted;
        this.#adjust();
      }
      await clock.sleep(tickMs, this.#closed.signal);
    }
  }

  #adjust(): void {
    const { clock } = this.#parts;
    // A step that was under way when the fleet was closed may still raise it.
    if (this.#closed.signal.aborted) return;
    const staying = [...this.#workers.keys()].filter((number) => !this.#leaving.has(number));
    for (const number of staying.slice(this.#desired)) this.#dismiss(number);
    if (clock.nowMs() < this.#startNotBeforeMs) return;
    for (let missing = this.#desired - staying.length; missing > 0; missing--) this.#start();
  }

  /** Asks a worker to leave, and kills it when it does not in time. */
  #dismiss(number: number): void {
    const { clock, graceSeconds } = this.#parts;
    const worker = this.#workers.get(number);
    if (worker === undefined || this.#leaving.has(number)) return;
    this.#leaving.add(number);
    const gone = new AbortController();
    void worker.ended.then(() => gone.abort());
    worker.stop();
    void clock.sleep(graceSeconds * 1000, gone.signal).then(() => {
      if (!gone.signal.aborted) worker.kill();
    });
  }

  #start(): void {
    const { startWorker, clock, onNotice } = this.#parts;
    this.#started += 1;
    const number = this.#started;
    const startedAtMs = clock.nowMs();
    const worker = startWorker(number);
    this.#workers.set(number, worker);
    void worker.ended.then(({ code, signal }) => {
      this.#workers.delete(number);
      const wasLeaving = this.#leaving.delete(number) || this.#closed.signal.aborted;
      if (wasLeaving) return;
      onNotice(
        `worker ${number} ended (${signal ?? `exit code ${code}`}); its batches come back and another worker takes them`,
      );
      this.#shortLives = clock.nowMs() - startedAtMs < shortLifeMs ? this.#shortLives + 1 : 0;
      this.#startNotBeforeMs = clock.nowMs() + Math.min(30_000, this.#shortLives * this.#shortLives * 500);
    });
  }
}
