import type { BatchFile, BatchMessage } from '../batching/batch.ts';
import type { Clock, JobStore, Log } from '../ports.ts';
import { carrierFor } from './carrier.ts';
import { type BatchResult, emptyResult, type StillCopied } from './copy-batch.ts';
import { holdOn, lookAtHeld } from './held-copy.ts';
import type { OutcomeRow } from './outcome.ts';
import type { Settler } from './settle.ts';

/** What becomes of copies that take longer than the queue lets a message be held. */
export type LongCopies = {
  /**
   * Settles a batch. Each of its files that is still being copied gets a message of its own, under which this worker goes
   * on: `ended` resolves when all of those are settled too, once each. Throws what the stores throw; then the message stays.
   */
  settle(
    batch: BatchMessage,
    ended: { result: BatchResult; still: readonly StillCopied[] },
    receipt: string,
  ): Promise<{ ended: Promise<void> }>;
  /**
   * Whether the message stands for a copy that its worker goes on with, or has settled: it is then dealt with. False where
   * it is to be copied, as when that worker has said nothing for 20 minutes. Throws what the stores throw.
   */
  leaveToHolder(batch: BatchMessage, receipt: string): Promise<boolean>;
};

/** Opens the book of a worker's long copies. */
export function openLongCopies(
  parts: { jobStore: JobStore; clock: Clock; log: Log; settings: { worker: string } },
  settler: Pick<Settler, 'settle'>,
): LongCopies {
  const { clock, log } = parts;
  const { worker } = parts.settings;
  let copies = 0;

  function handedOn(file: BatchFile, batch: BatchMessage, reason: string): OutcomeRow {
    const { key, sizeBytes } = file;
    const at = { endedAtMs: clock.nowMs(), durationMs: 0 };
    const { batch: name, attempt } = batch;
    return {
      ...{ key, batch: name, attempt, outcome: 'handed-on', reason, sizeBytes },
      ...{ carrier: carrierFor(file), ...at },
    };
  }

  async function goOn({ file, ended }: StillCopied, batch: BatchMessage) {
    const over = new AbortController();
    void ended.then(() => over.abort());
    copies += 1;
    const held = await holdOn(file, batch, `${worker}-${copies}`, over.signal, { ...parts, worker });
    const { message } = held;
    return {
      message,
      row: handedOn(file, batch, `${worker} is still copying it, under a message of its own`),
      async settle(): Promise<void> {
        const result = await ended;
        try {
          await settler.settle({ batch: message, result, receipt: null });
          await held.settled();
        } catch (error) {
          // Its message finds that nobody speaks of it any more, and the file is copied again.
          log('batch-unsettled', { batch: message.batch, reason: String(error) });
        }
      },
    };
  }

  return {
    async settle(batch, { result, still }, receipt) {
      if (still.length === 0) {
        await settler.settle({ batch, result, receipt });
        return { ended: Promise.resolve() };
      }
      log('batch-handed-on', {
        batch: batch.batch,
        stillCopied: still.length,
        givenBack: result.back.length,
      });
      const held = await Promise.all(still.map((each) => goOn(each, batch)));
      await settler.settle({
        batch,
        result: { ...result, rows: [...result.rows, ...held.map(({ row }) => row)] },
        receipt,
        carriedOn: held.map(({ message }) => message),
      });
      return { ended: Promise.all(held.map((each) => each.settle())).then(() => undefined) };
    },
    async leaveToHolder(batch, receipt) {
      const found = await lookAtHeld(batch, parts);
      if (found === 'lost') return false;
      const rows = batch.files.map((file) => handedOn(file, batch, `a worker has settled its copy of it`));
      const result = { ...emptyResult(), rows: found === 'settled' ? rows : [] };
      await settler.settle({ batch, result, receipt, carriedOn: found === 'copying' ? [batch] : [] });
      return true;
    },
  };
}
