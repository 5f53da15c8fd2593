import { type BatchFile, encodeBatch } from '../batching/batch.ts';
import { openPacker } from '../batching/pack-batches.ts';
import { jobLayout, shardName } from '../job-layout.ts';
import { encodeJson, encodeLines } from '../json-lines.ts';
import { batchEnvelope, filesTextBudget, type MigrationPlan } from '../migration.ts';
import type { Clock, JobStore, Log, ObjectStore, WorkQueue } from '../ports.ts';
import { addRequests, type RequestsBySide } from '../requests-made.ts';
import { addTally, noObjects, type Tally } from '../transfer/outcome.ts';
import type { Checkpoint, DecisionTallies, Listing } from './checkpoint.ts';
import { openDecider } from './decide-row.ts';
import type { InventoryRow } from './inventory-row.ts';
import { readPages } from './page-reader.ts';
import type { ShardSummary } from './shard.ts';

type Parts = {
  plan: MigrationPlan;
  source: Pick<ObjectStore, 'listPage' | 'requestsMade'>;
  destination: ObjectStore;
  queue: WorkQueue;
  jobStore: JobStore;
  clock: Clock;
  log: Log;
  /** A shard is closed when it holds this many rows, so that one verification reads it in minutes. */
  shardRows: number;
  /** Where an earlier lister stopped; null = begin. */
  checkpoint: { value: Checkpoint; version: string } | null;
  /** When it aborts, the lister stops after the page it is in. */
  stop: AbortSignal;
};

/**
 * Lists the source from the checkpoint to the end: writes the inventory, queues what has to be copied, and
 * after every page a checkpoint. Returns the finished listing, or null when it was told to stop.
 * Throws `StoreError`, or `VersionConflict` when another lister works on the same migration.
 */
export async function listSource(parts: Parts): Promise<Listing | null> {
  const { plan, source, destination, queue, jobStore, clock, log, shardRows, stop } = parts;
  const { folder, request } = plan;
  const envelope = batchEnvelope(plan);
  const state: Checkpoint = structuredClone(parts.checkpoint?.value ?? emptyCheckpoint());
  let version = parts.checkpoint?.version ?? null;
  const limits = { ...request.batch, messageBytes: filesTextBudget(plan) };
  const packer = openPacker(limits, state.pending);
  const decide = openDecider(plan, source, destination, state.cursor);

  function message(files: BatchFile[]): { body: string } {
    const shard = shardName(state.shard.index);
    return {
      body: encodeBatch({ ...envelope, batch: `${shard}-${state.batches++}`, shard, attempt: 1, files }),
    };
  }

  async function storePiece(rows: InventoryRow[]): Promise<void> {
    if (rows.length === 0) return;
    await jobStore.write(
      jobLayout.shardPiece(folder, shardName(state.shard.index), state.shard.pieces),
      encodeLines(rows),
    );
    state.shard.pieces += 1;
  }

  async function closeShard(upTo: string | null): Promise<void> {
    await queue.send(packer.flush().map(message));
    const shard = shardName(state.shard.index);
    const summary: ShardSummary = {
      shard,
      range: { after: state.shard.after, upTo },
      pieces: state.shard.pieces,
      listed: state.shard.listed,
    };
    await jobStore.write(jobLayout.shardSummary(folder, shard), encodeJson(summary));
    state.shard = { index: state.shard.index + 1, after: upTo, pieces: 0, listed: noObjects() };
  }

  const before = parts.checkpoint?.value.requests ?? { source: {}, destination: {} };
  const requests = (): RequestsBySide => ({
    source: addRequests({ ...before.source }, source.requestsMade()),
    destination: addRequests({ ...before.destination }, destination.requestsMade()),
  });

  async function storeCheckpoint(): Promise<void> {
    state.requests = requests();
    state.pending = [...packer.pending()];
    ({ version } = await jobStore.write(jobLayout.checkpoint(folder), encodeJson(state), {
      replaces: version,
    }));
    log('listed', { ...totalOf(state.tallies), tallies: state.tallies });
  }

  const pages = readPages(source, {
    prefix: request.source.prefix,
    range: { after: state.cursor, upTo: null },
  });
  for await (const page of pages) {
    const rows: InventoryRow[] = [];
    const batches: BatchFile[][] = [];
    for (const object of page) {
      const { row, route } = await decide(object);
      rows.push(row);
      const size: Tally = { objects: 1, bytes: row.sizeBytes };
      state.tallies[row.decision] = addTally(state.tallies[row.decision] ?? noObjects(), size);
      state.shard.listed = addTally(state.shard.listed, size);
      if (row.decision !== 'transfer') continue;
      const { key, sizeBytes, etag, modifiedAtMs } = object;
      const { to, storageClass, metadata, tags } = route;
      batches.push(
        ...packer.add({
          key,
          to,
          sizeBytes,
          etag,
          modifiedAtMs,
          storageClass,
          ...(metadata && { metadata }),
          ...(tags && { tags }),
        }),
      );
    }
    await queue.send(batches.map(message));
    await storePiece(rows);
    state.cursor = page.at(-1)?.key ?? state.cursor;
    if (state.shard.listed.objects >= shardRows) await closeShard(state.cursor);
    await storeCheckpoint();
    if (stop.aborted) return null;
  }
  await closeShard(null);
  const listing: Listing = {
    version: 1,
    shards: state.shard.index,
    batches: state.batches,
    listed: totalOf(state.tallies),
    tallies: state.tallies,
    requests: requests(),
    finishedAtMs: clock.nowMs(),
  };
  await jobStore.write(jobLayout.listing(folder), encodeJson(listing));
  return listing;
}

function totalOf(tallies: DecisionTallies): Tally {
  return Object.values(tallies).reduce(addTally, noObjects());
}

function emptyCheckpoint(): Checkpoint {
  const tallies: DecisionTallies = {
    transfer: noObjects(),
    unchanged: noObjects(),
    kept: noObjects(),
    excluded: noObjects(),
    exception: noObjects(),
  };
  return {
    version: 1,
    cursor: null,
    shard: { index: 0, after: null, pieces: 0, listed: noObjects() },
    pending: [],
    batches: 0,
    tallies,
    requests: { source: {}, destination: {} },
  };
}
