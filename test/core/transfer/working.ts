import { ManualClock } from '../../../adapters/memory/clock.ts';
import { MemoryJobStore } from '../../../adapters/memory/job-store.ts';
import { MemoryWorkQueue } from '../../../adapters/memory/work-queue.ts';
import { type BatchMessage, decodeBatch, encodeBatch } from '../../../core/batching/batch.ts';
import type { Copier, JobStore, WorkQueue } from '../../../core/ports.ts';
import { type WorkerSettings, workLoop } from '../../../core/transfer/work-loop.ts';

/** What workers share, and a clock that the test moves. */
export class Workplace {
  readonly clock = new ManualClock();
  readonly queue = new MemoryWorkQueue(this.clock);
  readonly jobStore = new MemoryJobStore();
  readonly logged: { event: string; atMs: number; fields: Record<string, unknown> }[] = [];

  async send(...batches: BatchMessage[]): Promise<void> {
    await this.queue.send(batches.map((batch) => ({ body: encodeBatch(batch) })));
  }

  /** Starts a worker; it may see the ports through something that fails. */
  start(
    copier: Copier,
    changes: Partial<WorkerSettings> = {},
    ports: { queue?: WorkQueue; jobStore?: JobStore } = {},
  ): { done: Promise<void>; drain(): void; halt(): void } {
    const drain = new AbortController();
    const halt = new AbortController();
    const done = workLoop({
      queue: this.queue,
      jobStore: this.jobStore,
      clock: this.clock,
      copier,
      log: (event, fields = {}) => this.logged.push({ event, atMs: this.clock.nowMs(), fields }),
      drain: drain.signal,
      halt: halt.signal,
      ...ports,
      settings: {
        worker: 'w',
        filesInFlight: 8,
        bytesInFlight: 1e6,
        messagesHeld: 4,
        leaseSeconds: 60,
        pollSeconds: 20,
        maxAttempts: 3,
        retryBaseSeconds: 10,
        ...changes,
      },
    });
    return {
      done,
      drain: () => drain.abort(),
      halt: () => {
        drain.abort();
        halt.abort();
      },
    };
  }

  /** Lets time pass until the promise is settled. */
  async passUntil(done: Promise<unknown>, stepMs = 1000): Promise<void> {
    let over = false;
    const watched = done.finally(() => {
      over = true;
    });
    for (let steps = 0; !over; steps++) {
      if (steps > 10_000) throw new Error('it does not end');
      await this.clock.advance(stepMs);
    }
    await watched;
  }

  /** Lets a worker work until the queue is empty, then drains it. */
  async finish(worker: { done: Promise<void>; drain(): unknown }): Promise<void> {
    const emptied = (async () => {
      for (;;) {
        const { visible, inFlight, delayed } = await this.queue.counts();
        if (visible + inFlight + delayed === 0) return;
        await this.clock.sleep(1000);
      }
    })();
    await this.passUntil(emptied);
    worker.drain();
    await this.passUntil(worker.done);
  }

  /** Every batch in the queue, when all leases and delays are over; they stay there. */
  async left(): Promise<BatchMessage[]> {
    await this.clock.advance(3_600_000);
    const receipts: string[] = [];
    const batches: BatchMessage[] = [];
    for (;;) {
      const messages = await this.queue.receive({ max: 10, waitSeconds: 0, leaseSeconds: 60 });
      if (messages.length === 0) break;
      receipts.push(...messages.map(({ receipt }) => receipt));
      batches.push(...messages.map(({ body }) => decodeBatch(body)));
    }
    await this.queue.release(receipts);
    return batches;
  }

  events(): string[] {
    return this.logged.map(({ event }) => event);
  }
}

/** Keys of batches, sorted. */
export function keysOf(batches: readonly BatchMessage[]): string[] {
  return batches.flatMap(({ files }) => files.map(({ key }) => key)).toSorted();
}
