import { type BatchMessage, encodeBatch } from '../batching/batch.ts';
import { jobLayout } from '../job-layout.ts';
import { encodeLines } from '../json-lines.ts';
import { groupOf } from '../partition/partition-of.ts';
import type { MessageToSend } from '../ports.ts';
import { addRequests } from '../requests-made.ts';
import type { BatchResult } from './copy-batch.ts';
import { addTally, type OutcomeRow } from './outcome.ts';
import type { WorkerTotals } from './outcome-file.ts';
import { retryDelaySeconds } from './retry-delay.ts';
import { addToBuckets } from './throughput.ts';
import type { WorkerParts } from './work-loop.ts';

type Settlement = { batch: BatchMessage; result: BatchResult; receipt: string };

/** Milliseconds that a settlement waits for others, so that many batches share one file and one delete. */
const gatherMs = 200;

/** Puts on record how batches ended, and only then removes their messages. */
export type Settler = {
  /** Resolves when the batch is on record, its remainder is queued, and its message is deleted. Throws what the stores throw; then the message stays. */
  settle(settlement: Settlement): Promise<void>;
  close(): Promise<void>;
};

/**
 * Opens the settler of a worker. The order is what keeps promise 1: first the outcomes and exceptions are
 * stored, then what is left of a batch is queued as a message of its own, and last the old message is deleted.
 * Dying in between repeats work; it never loses a key.
 */
export function openSettler(
  parts: Pick<WorkerParts, 'queue' | 'jobStore' | 'clock' | 'log' | 'settings'>,
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
  let running: Promise<void> | null = null;

  function count({ rows, requests }: BatchResult): void {
    for (const row of rows) {
      if (row.outcome === 'copied') {
        const size = { objects: 1, bytes: row.sizeBytes };
        totals.copied = addTally(totals.copied, size);
        totals.throughput = addToBuckets(totals.throughput, row.endedAtMs, size);
      } else if (row.outcome === 'exception') totals.exceptions += 1;
      else if (row.outcome === 'retried') totals.retried += 1;
    }
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

  function remainders({ batch, result }: Settlement): MessageToSend[] {
    const again =
      result.again.length === 0 ? [] : [{ ...batch, files: result.again, attempt: batch.attempt + 1 }];
    const back = result.back.length === 0 ? [] : [{ ...batch, files: result.back }];
    const delaySeconds = retryDelaySeconds(batch.attempt, settings.retryBaseSeconds);
    return [
      ...again.map((message) => delayed(message, delaySeconds)),
      ...back.map((message) => delayed(message, result.credentialRefused === null ? 0 : delaySeconds)),
    ];
  }

  async function settleTogether(): Promise<void> {
    await clock.sleep(gatherMs);
    const group = waiting;
    waiting = [];
    const settlements = group.map(({ settlement }) => settlement);
    try {
      for (const { result } of settlements) count(result);
      await store(settlements);
      await queue.send(settlements.flatMap(remainders));
      await queue.delete(settlements.map(({ receipt }) => receipt));
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
        running ??= run();
      });
    },
    async close() {
      await running;
    },
  };
}
