import { openBatchEncoder } from '../batching/batch.ts';
import { fileToMove } from '../batching/file-to-move.ts';
import type { PackedBatch } from '../batching/pack-batches.ts';
import { jobLayout, shardName } from '../job-layout.ts';
import { encodeJson, openLines } from '../json-lines.ts';
import { rowText } from '../json-text.ts';
import { ownCopy } from '../keyspace/own-copy.ts';
import { batchEnvelope, type MigrationPlan } from '../migration.ts';
import { groupOf } from '../partition/partition-of.ts';
import type { JobStore, MessageToSend, WorkQueue } from '../ports.ts';
import { addTally, noObjects } from '../transfer/outcome.ts';
import type { DecisionTallies, OpenRange } from './checkpoint.ts';
import type { ObjectSummary } from './inventory-row.ts';
import type { LiveRange } from './live-range.ts';
import type { ShardSummary } from './shard.ts';
import type { ShardNumbers } from './shard-numbers.ts';

type Shard = OpenRange['shard'] & { index: number };

/** Turns pages of a range into rows of its shard and batches of the queue. Neither changes what is settled of the range: the caller does, in one step. */
export type ShardFiller = {
  /** Decides for every object of a page, queues what has to be copied, and stores the rows. The page is emptied. */
  fill(range: LiveRange, page: ObjectSummary[]): Promise<Filled>;
  /** Closes the shard at `upTo`. Returns its number and the number of its batches. */
  close(range: LiveRange, upTo: string | null): Promise<{ index: number; batches: number }>;
};

/** What is to be settled of a range, what was decided for the objects of the page, and the batches that were sent. */
export type Filled = {
  settled: LiveRange['settled'] & { shard: Shard };
  tallies: Partial<DecisionTallies>;
  batches: number;
};

type Parts = {
  plan: MigrationPlan;
  queue: WorkQueue;
  jobStore: JobStore;
  numbers: Pick<ShardNumbers, 'take'>;
};

/**
 * Opens the filler of a listing. When it answers, every batch is confirmed by the queue and every row is stored; dying
 * before repeats the page.
 */
export function openShardFiller({ plan, queue, jobStore, numbers }: Parts): ShardFiller {
  const { folder } = plan;
  const encode = openBatchEncoder(batchEnvelope(plan));

  /** The message of the shard's batch of this number. */
  function messageOf(shard: Shard, { texts, partition }: PackedBatch, number: number): MessageToSend {
    const name = shardName(shard.index);
    const body = encode(`${name}-${number}`, name, texts, partition);
    return partition === undefined ? { body } : { body, group: groupOf(partition) };
  }

  /**
   * Only what is written and sent outlives this, and what is dealt with is garbage at once: a page's thousand objects would
   * burden the collector while the next ones are made and while stores answer.
   */
  async function take(range: LiveRange, page: ObjectSummary[]) {
    const before = range.settled.shard;
    const shard: Shard = { ...before, index: before.index ?? numbers.take() };
    const lines = openLines();
    const messages: MessageToSend[] = [];
    const tallies: Partial<DecisionTallies> = {};
    const last = page.at(-1)?.key;
    page.reverse();
    for (let object = page.pop(); object !== undefined; object = page.pop()) {
      const answer = range.decider.decide(object);
      const decided = answer instanceof Promise ? await answer : answer;
      const { decision } = decided;
      lines.add(rowText(object, decided));
      // Counted in place: it is done for each listed key.
      const tally = tallies[decision] ?? noObjects();
      tallies[decision] = tally;
      tally.objects += 1;
      tally.bytes += object.sizeBytes;
      if (decision !== 'transfer') continue;
      for (const batch of range.packer.add(fileToMove(object, decided.route)))
        messages.push(messageOf(shard, batch, shard.batches + messages.length));
    }
    const listed = Object.values(tallies).reduce(addTally, before.listed);
    const settled = {
      cursor: last === undefined ? range.settled.cursor : ownCopy(last),
      shard: { ...shard, pieces: shard.pieces + 1, batches: shard.batches + messages.length, listed },
      pending: [...range.packer.pending()],
    };
    return {
      piece: lines.encode(),
      shard,
      messages,
      filled: { settled, tallies, batches: messages.length },
    };
  }

  async function store({
    piece,
    shard,
    messages,
    filled,
  }: Awaited<ReturnType<typeof take>>): Promise<Filled> {
    const path = jobLayout.shardPiece(folder, shardName(shard.index), shard.pieces);
    await Promise.all([messages.length === 0 ? null : queue.send(messages), jobStore.write(path, piece)]);
    return filled;
  }

  return {
    // No async function, which would keep the page until the store and the queue have answered.
    fill: (range, page) => take(range, page).then(store),

    async close(range, upTo) {
      const { shard: open } = range.settled;
      const shard: Shard = { ...open, index: open.index ?? numbers.take() };
      const batches = range.packer.flush();
      const messages = batches.map((batch, n) => messageOf(shard, batch, shard.batches + n));
      if (messages.length > 0) await queue.send(messages);
      const summary: ShardSummary = {
        shard: shardName(shard.index),
        range: { after: shard.after, upTo },
        pieces: shard.pieces,
        listed: shard.listed,
      };
      await jobStore.write(jobLayout.shardSummary(folder, summary.shard), encodeJson(summary));
      return { index: shard.index, batches: shard.batches + batches.length };
    },
  };
}
