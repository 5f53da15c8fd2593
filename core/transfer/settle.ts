import { type BatchMessage, encodeBatch } from '../batching/batch.ts';
import { jobLayout } from '../job-layout.ts';
import { encodeLines } from '../json-lines.ts';
import { groupOf } from '../partition/partition-of.ts';
import type { MessageToSend } from '../ports.ts';
import { addRequests } from '../requests-made.ts';
import type { BatchResult } from './copy-batch.ts';
import { lookAgainSeconds } from './held-copy.ts';
import { addTally, type OutcomeRow, type Tally } from './outcome.ts';
import type { WorkerTotals } from './outcome-file.ts';
import { retryDelaySeconds } from './retry-delay.ts';
import { type Arrival, addToBuckets } from './throughput.ts';
import type { WorkerParts } from './work-loop.ts';

/** How a batch ended. */
export type Settlement = {
  batch: BatchMessage;
  result: BatchResult;
  /** The message that is then deleted; null = it is gone already. */
  receipt: string | null;
  /** Messages that carry on what is not in the result. */
  carriedOn?: readonly BatchMessage[];
};

/** Milliseconds that a settlement waits for others in any case: batches that end together share a file. */
const shortestGatherMs = 200;

/** Milliseconds that it waits for others while other batches are still being copied, and the lease bears it. */
const longestGatherMs = 5000;

/** A settlement this large waits no longer: five full requests to delete, and rows that fit any memory. */
const fullGather = { messages: 50, rows: 10_000 };

/**
 * The longest time in milliseconds that a batch which has ended waits for others to be settled with, out of the lease
 * of its message: a twelfth of the usual lease, so that a worker that dies meanwhile holds its messages hardly longer than
 * without, but 200 ms at least and 5 s at most.
 */
export function gatherTimeMs(leaseSeconds: number): number {
  return Math.min(longestGatherMs, Math.max(shortestGatherMs, Math.floor((leaseSeconds * 1000) / 12)));
}

/** Puts on record how batches ended, and only then removes their messages. */
export type Settler = {
  /** Resolves when the batch is on record, its remainder is queued, and its message is deleted. Throws what the stores throw; then the message stays. */
  settle(settlement: Settlement): Promise<void>;
  /** Settles what waits without waiting for more, as when nothing else is being copied. */
  hurry(): void;
  close(): Promise<void>;
};

/**
 * Opens the settler of a worker. The order is what keeps promise 1: first the outcomes and exceptions are
 * stored, then what is left of a batch is queued as a message of its own, and last the old message is deleted.
 * Dying in between repeats work; it never loses a key. While `isCopying`, batches that have ended wait for others.
 */
export function openSettler(
  parts: Pick<WorkerParts, 'queue' | 'jobStore' | 'clock' | 'log' | 'settings'>,
  isCopying: () => boolean = () => false,
): Settler {
  const { queue, jobStore, clock, log, settings } = parts;
  const { worker } = settings;
  const totals: WorkerTotals = {
    worker,
    startedAtMs: clock.nowMs(),
    copied: { objects: 0, bytes: 0 },
    exceptions: 0,
    retried: 0,
    requests: { source: {}, destination: {} },
    throughput: [],
  };
  let file = 0;
  let waiting: { settlement: Settlement; done: () => void; failed: (error: unknown) => void }[] = [];
  let waitingRows = 0;
  let running: Promise<void> | null = null;
  let enough = new AbortController();

  function count({ rows, requests }: BatchResult): void {
    const arrived: Arrival[] = [];
    for (const row of rows) {
      if (row.outcome === 'copied') arrived.push({ atMs: row.endedAtMs, objects: 1, bytes: row.sizeBytes });
      else if (row.outcome === 'exception') totals.exceptions += 1;
      else if (row.outcome === 'retried') totals.retried += 1;
    }
    totals.copied = arrived.reduce<Tally>(addTally, totals.copied);
    totals.throughput = addToBuckets(totals.throughput, arrived);
    addRequests(totals.requests.source, requests.source);
    addRequests(totals.requests.destination, requests.destination);
  }

  async function store(settlements: readonly Settlement[]): Promise<void> {
    file += 1;
    const byFolder = Map.groupBy(settlements, ({ batch }) => batch.folder);
    for (const [folder, ofFolder] of byFolder) {
      const exceptions = Map.groupBy(ofFolder, ({ batch }) => batch.shard);
      for (const [shard, ofShard] of exceptions) {
        const rows = ofShard.flatMap(({ result }) =>
          result.rows.filter(({ outcome }) => outcome === 'exception'),
        );
        if (rows.length > 0)
          await jobStore.write(jobLayout.shardExceptionFile(folder, shard, worker, file), encodeLines(rows));
      }
      const rows: OutcomeRow[] = ofFolder.flatMap(({ result }) => result.rows);
      await jobStore.write(jobLayout.outcomeFile(folder, worker, file), encodeLines([...rows, { totals }]));
    }
  }

  /** A message that waits: in the queue, or, where its group is kept in order, with whoever receives it. */
  function delayed(message: BatchMessage, delaySeconds: number): MessageToSend {
    const { partition } = message;
    if (partition === undefined) return { body: encodeBatch(message), delaySeconds };
    const notBeforeMs = clock.nowMs() + delaySeconds * 1000;
    return { body: encodeBatch({ ...message, notBeforeMs }), group: groupOf(partition) };
  }

  function remainders({ batch: { held: _, ...batch }, result, carriedOn = [] }: Settlement): MessageToSend[] {
    const again =
      result.again.length === 0 ? [] : [{ ...batch, files: result.again, attempt: batch.attempt + 1 }];
    const back = result.back.length === 0 ? [] : [{ ...batch, files: result.back }];
    const delaySeconds = retryDelaySeconds(batch.attempt, settings.retryBaseSeconds);
    return [
      ...again.map((message) => delayed(message, delaySeconds)),
      ...back.map((message) => delayed(message, result.refusal === null ? 0 : delaySeconds)),
      ...carriedOn.map((message) => delayed(message, lookAgainSeconds)),
    ];
  }

  const isFull = (): boolean => waiting.length >= fullGather.messages || waitingRows >= fullGather.rows;

  async function gather(): Promise<void> {
    enough = new AbortController();
    await clock.sleep(shortestGatherMs);
    if (isFull() || !isCopying()) return;
    await clock.sleep(gatherTimeMs(settings.leaseSeconds) - shortestGatherMs, enough.signal);
  }

  async function settleTogether(): Promise<void> {
    await gather();
    const group = waiting;
    waiting = [];
    waitingRows = 0;
    const settlements = group.map(({ settlement }) => settlement);
    try {
      for (const { result } of settlements) count(result);
      await store(settlements);
      await queue.send(settlements.flatMap(remainders));
      await queue.delete(settlements.flatMap(({ receipt }) => receipt ?? []));
      log('settled', { copied: totals.copied, exceptions: totals.exceptions, retried: totals.retried });
      for (const { done } of group) done();
    } catch (error) {
      for (const { failed } of group) failed(error);
    }
  }

  async function run(): Promise<void> {
    while (waiting.length > 0) await settleTogether();
    running = null;
  }

  return {
    settle(settlement) {
      return new Promise((done, failed) => {
        waiting.push({ settlement, done, failed });
        waitingRows += settlement.result.rows.length;
        if (isFull()) enough.abort();
        running ??= run();
      });
    },
    hurry() {
      enough.abort();
    },
    async close() {
      enough.abort();
      await running;
    },
  };
}
