import { openBatchEncoder } from '../batching/batch.ts';
import { fileToMove } from '../batching/file-to-move.ts';
import type { PackedBatch } from '../batching/pack-batches.ts';
import type { PackingLimits } from '../batching/pack-partitions.ts';
import { jobLayout, shardName } from '../job-layout.ts';
import { encodeJson, type Lines, openLines } from '../json-lines.ts';
import { rowText } from '../json-text.ts';
import { ownCopy } from '../keyspace/own-copy.ts';
import { batchEnvelope, type MigrationPlan } from '../migration.ts';
import { groupOf } from '../partition/partition-of.ts';
import type { JobStore, MessageToSend, WorkQueue } from '../ports.ts';
import { addTally, noObjects } from '../transfer/outcome.ts';
import type { DecisionTallies, OpenRange } from './checkpoint.ts';
import { type PackedDecider, tallyPacked } from './decide-packed.ts';
import type { ObjectSummary } from './inventory-row.ts';
import type { LiveRange } from './live-range.ts';
import { openPackedPacker } from './pack-packed.ts';
import { keepPage, type PackedPage, packedKey, packedObjects } from './packed-page.ts';
import { addPackedRows } from './packed-rows.ts';
import type { ObjectsInRange } from './page-in-range.ts';
import type { ShardSummary } from './shard.ts';
import type { ShardNumbers } from './shard-numbers.ts';

type Shard = OpenRange['shard'] & { index: number };

/** Turns pages of a range into rows of its shard and batches of the queue. Neither changes what is settled of the range: the caller does, in one step. */
export type ShardFiller = {
  /**
   * Decides for every object of a page, queues what has to be copied, and stores the rows. A page of objects is emptied; a
   * packed one is not needed any more when this returns.
   */
  fill(range: LiveRange, page: ObjectsInRange): Promise<Filled>;
  /** Closes the shard at `upTo`. Returns its number and the number of its batches. */
  close(range: LiveRange, upTo: string | null): Promise<{ index: number; batches: number }>;
};

/** What is to be settled of a range, what was decided for the objects of the page, and the batches that were sent. */
export type Filled = {
  settled: LiveRange['settled'] & { shard: Shard };
  tallies: Partial<DecisionTallies>;
  batches: number;
};

type Dealt = {
  shard: Shard;
  cursor: string | null;
  lines: Lines;
  messages: MessageToSend[];
  tallies: Partial<DecisionTallies>;
};

type Parts = {
  plan: MigrationPlan;
  queue: WorkQueue;
  jobStore: JobStore;
  numbers: Pick<ShardNumbers, 'take'>;
  limits: PackingLimits;
};

/**
 * Opens the filler of a listing. When it answers, every batch is confirmed by the queue and every row is stored; dying
 * before repeats the page.
 */
export function openShardFiller({ plan, queue, jobStore, numbers, limits }: Parts): ShardFiller {
  const { folder } = plan;
  const packedPacker = openPackedPacker(limits, plan.request.destination);
  const encode = openBatchEncoder(batchEnvelope(plan));

  /** The message of the shard's batch of this number. */
  function messageOf(
    shard: Shard,
    { texts, partition }: Pick<PackedBatch, 'texts' | 'partition'>,
    number: number,
  ): MessageToSend {
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
    const cursor = last === undefined ? range.settled.cursor : ownCopy(last);
    return taken(range, { shard, cursor, lines, messages, tallies });
  }

  /** What is to be stored and sent of a page, and what is settled then. */
  function taken(range: LiveRange, page: Dealt) {
    const { shard, cursor, lines, messages, tallies } = page;
    const listed = Object.values(tallies).reduce(addTally, shard.listed);
    const settled = {
      cursor,
      shard: { ...shard, pieces: shard.pieces + 1, batches: shard.batches + messages.length, listed },
      pending: [...range.packer.pending()],
    };
    return {
      lines,
      shard,
      messages,
      filled: { settled, tallies, batches: messages.length },
    };
  }

  /** As `take` of the first objects of a page, as many as there are decisions for; each goes to its own key behind the destination's prefix. */
  function takePacked(range: LiveRange, page: PackedPage, decisions: Uint8Array) {
    const before = range.settled.shard;
    const shard: Shard = { ...before, index: before.index ?? numbers.take() };
    const lines = openLines();
    addPackedRows(lines, page, decisions);
    const { tallies, chosen } = tallyPacked(page, decisions);
    const messages = packedPacker
      .pack(range.packer, page, chosen)
      .map((texts, n) => messageOf(shard, { texts }, shard.batches + n));
    const cursor = packedKey(page, decisions.length - 1);
    return taken(range, { shard, cursor, lines, messages, tallies });
  }

  /** Decides for the rest of a page while the destination's pages come. */
  async function decideRest(
    decider: PackedDecider,
    page: PackedPage,
    decisions: Uint8Array,
    decided: number,
  ): Promise<void> {
    const { count } = page;
    for (let at = decided; at < count; at = decider.decide(page, at, count, decisions))
      await decider.goOn(page, at);
  }

  async function store({ lines, shard, messages, filled }: ReturnType<typeof taken>): Promise<Filled> {
    const path = jobLayout.shardPiece(folder, shardName(shard.index), shard.pieces);
    const written = jobStore.writeLines?.(path, lines) ?? jobStore.write(path, lines.encode());
    await Promise.all([messages.length === 0 ? null : queue.send(messages), written]);
    return filled;
  }

  return {
    // No async function, and no closure that names the page: either would keep it until the store and the queue have answered.
    fill(range, page) {
      if (Array.isArray(page)) return take(range, page).then(store);
      const { packed, count } = page;
      const { packed: decider } = range.decider;
      if (decider !== null && packedPacker.takes(packed, count)) {
        const decisions = new Uint8Array(count);
        const decided = decider.decide(packed, 0, count, decisions);
        if (decided === count) return store(takePacked(range, packed, decisions));
        const kept = keepPage(packed, count);
        return decideRest(decider, kept, decisions, decided).then(() =>
          store(takePacked(range, kept, decisions)),
        );
      }
      return take(range, packedObjects(packed, 0, count)).then(store);
    },

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
