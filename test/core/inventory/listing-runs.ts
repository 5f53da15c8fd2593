import { ManualClock } from '../../../adapters/memory/clock.ts';
import { MemoryJobStore } from '../../../adapters/memory/job-store.ts';
import { MemoryWorkQueue } from '../../../adapters/memory/work-queue.ts';
import { type BatchMessage, decodeBatch } from '../../../core/batching/batch.ts';
import { Checkpoint, Listing } from '../../../core/inventory/checkpoint.ts';
import { type FolderBounds, findFolders, folderBounds } from '../../../core/inventory/find-folders.ts';
import { openFolderListing } from '../../../core/inventory/folder-listing.ts';
import type { InventoryRow } from '../../../core/inventory/inventory-row.ts';
import { type ListingParts, listSource } from '../../../core/inventory/list-source.ts';
import { type ListingPace, openListingGate } from '../../../core/inventory/listing-gate.ts';
import { readShardRows, readShardSummary, type ShardSummary } from '../../../core/inventory/shard.ts';
import { jobLayout, shardName } from '../../../core/job-layout.ts';
import { decodeJson } from '../../../core/json-lines.ts';
import type { MigrationPlan } from '../../../core/migration.ts';
import type { ObjectStore } from '../../../core/ports.ts';
import { allOf } from '../../support/all-of.ts';
import { type Death, Fuse, ProcessDied } from '../../support/fuse.ts';
import { inPagesOf, replacing } from '../../support/memory-buckets.ts';
import { withPackedPages } from '../../support/packed-store.ts';

/** What a lister works on, and what is left of it when one dies. */
export type Place = {
  plan: MigrationPlan;
  source: ObjectStore;
  destination: ObjectStore;
  queue: MemoryWorkQueue;
  jobStore: MemoryJobStore;
  clock: ManualClock;
  pageSize: number;
  shardRows: number;
  pace: ListingPace;
  folderBounds?: Partial<FolderBounds>;
  /** Of the sides named here pages come as bytes where they can be; each is told how many objects did. */
  packed?: { source?: (objects: number) => void; destination?: (objects: number) => void };
};

/** A place in memory; what is not given is fresh. */
export function placeOf(parts: Pick<Place, 'plan' | 'source' | 'destination'> & Partial<Place>): Place {
  const clock = new ManualClock(0, { selfMoving: true });
  return {
    queue: new MemoryWorkQueue(clock),
    jobStore: new MemoryJobStore(),
    clock,
    pageSize: 1000,
    shardRows: 1000,
    pace: { most: 1, requestsPerSecond: null },
    ...parts,
  };
}

/** Runs one lister as its container does: from the stored checkpoint, and not at all where there is a result. It may die, or be told to stop after some pages. */
export async function runLister(
  place: Place,
  options: { death?: Death | null; stopAfterPages?: number } = {},
): Promise<Listing | 'died' | 'stopped'> {
  const { plan, queue, jobStore, clock, shardRows, pace, pageSize } = place;
  const done = await jobStore.read(jobLayout.listing(plan.folder));
  if (done !== null) return decodeJson(done.bytes, Listing);
  const kept = await jobStore.read(jobLayout.checkpoint(plan.folder));
  const fuse = new Fuse(options.death ?? null);
  const stop = new AbortController();
  let pages = 0;
  const asObjects = fuse.wrap(inPagesOf(pageSize, place.source), ['listPage', 'listLevel']);
  const { source: packed, destination: packedThere } = place.packed ?? {};
  const source = packed === undefined ? asObjects : withPackedPages(asObjects, packed);
  const there = fuse.wrap(inPagesOf(pageSize, place.destination), ['listPage']);
  const checkpoint =
    kept === null ? null : { value: decodeJson(kept.bytes, Checkpoint), version: kept.version };
  const counting = replacing(jobStore, {
    async write(path, bytes, condition) {
      if (path === jobLayout.checkpoint(plan.folder) && ++pages === options.stopAfterPages) stop.abort();
      return jobStore.write(path, bytes, condition);
    },
  });
  try {
    const listing = await listSource({
      plan,
      source: plan.capabilities.listing === 'folders' ? await byFolders(place, source, checkpoint) : source,
      destination: packedThere === undefined ? there : withPackedPages(there, packedThere),
      queue: fuse.wrap(queue, ['send']),
      jobStore: fuse.wrap(counting, ['write', 'read']),
      clock,
      log: () => undefined,
      shardRows,
      pace,
      checkpoint,
      stop: stop.signal,
    });
    return listing ?? 'stopped';
  } catch (error) {
    if (error instanceof ProcessDied) return 'died';
    throw error;
  }
}

/** The source as a lister opens it that lists folder by folder. */
async function byFolders(
  { plan, pace, pageSize, clock, folderBounds: given }: Place,
  source: ObjectStore,
  checkpoint: { value: Checkpoint } | null,
): Promise<ListingParts['source']> {
  const { prefix } = plan.request.source;
  const gate = openListingGate(pace, { clock, log: () => undefined, signal: new AbortController().signal });
  const bounds = { ...folderBounds(pace.most, checkpoint?.value.ranges), ...given };
  const listing = openFolderListing(source, prefix, await findFolders(source, prefix, bounds, gate.ask));
  return {
    boundaries: listing.boundaries,
    listPage: (query) => listing.listPage({ ...query, maxKeys: pageSize }),
    requestsMade: () => source.requestsMade(),
  };
}

/** The inventory as a verification reads it. */
export async function readInventory(
  { jobStore, plan }: Place,
  { shards }: Listing,
): Promise<{ shards: ShardSummary[]; rows: InventoryRow[][] }> {
  const names = Array.from({ length: shards }, (_, index) => shardName(index));
  const summaries = await Promise.all(names.map((name) => readShardSummary(jobStore, plan.folder, name)));
  const rows = await Promise.all(
    summaries.map(async (summary) => (await allOf(readShardRows(jobStore, plan.folder, summary))).flat()),
  );
  return { shards: summaries, rows };
}

/** Takes every message out of the queue. */
export async function queuedBatches({ queue }: Place): Promise<BatchMessage[]> {
  const batches: BatchMessage[] = [];
  for (;;) {
    const messages = await queue.receive({ max: 10, waitSeconds: 0, leaseSeconds: 1000 });
    if (messages.length === 0) return batches;
    batches.push(...messages.map(({ body }) => decodeBatch(body)));
  }
}
