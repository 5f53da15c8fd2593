import { createHash } from 'node:crypto';
import type { Listing } from '../../core/inventory/checkpoint.ts';
import type { Decision, InventoryRow } from '../../core/inventory/inventory-row.ts';
import type { ShardSummary } from '../../core/inventory/shard.ts';
import { jobLayout, shardName } from '../../core/job-layout.ts';
import { encodeJson, encodeLines } from '../../core/json-lines.ts';
import type { MigrationPlan } from '../../core/migration.ts';
import type { JobStore } from '../../core/ports.ts';
import { parseRequest } from '../../core/request.ts';
import { addTally, noObjects } from '../../core/transfer/outcome.ts';

/** The address of the sample migration, as every state hands it on. */
export const address = { migration: 'exit-ibm', folder: 'migrations/exit-ibm' };

/** What a user writes at least, between two stores that are not Amazon's. */
export const smallInput = {
  source: {
    bucket: 'media-archive',
    endpoint: 'http://127.0.0.1:9001',
    secrets: { accessKey: '/from/key', secretKey: '/from/secret' },
  },
  destination: {
    bucket: 'archive',
    endpoint: 'http://127.0.0.1:9002',
    secrets: { accessKey: '/to/key', secretKey: '/to/secret' },
  },
};

/** The values of every secret that `smallInput` names. */
export const smallSecrets = {
  '/from/key': 'FROMKEY',
  '/from/secret': 'from-secret',
  '/to/key': 'TOKEY',
  '/to/secret': 'to-secret',
};

/** A plan as Preflight stores it, for `smallInput` and more. */
export function samplePlan(more: { request?: object; createdAtMs?: number } = {}): MigrationPlan {
  return {
    version: 1,
    ...address,
    createdAtMs: more.createdAtMs ?? 1_000_000,
    request: parseRequest({ ...smallInput, ...more.request }),
    capabilities: { listing: 'v2', sourceEtagIsMd5: true, destinationEtagIsMd5: true, sourceTags: false },
    objectTags: 'ignore',
    requests: { source: {}, destination: {} },
  };
}

/** An inventory row for an object that holds `text`. */
export function rowOf(
  key: string,
  text: string,
  decision: Decision = 'transfer',
  more: Partial<InventoryRow> = {},
): InventoryRow {
  const bytes = Buffer.from(text);
  const etag = createHash('md5').update(bytes).digest('hex');
  return {
    key,
    sizeBytes: bytes.length,
    etag,
    modifiedAtMs: 500_000,
    storageClass: 'STANDARD',
    decision,
    ...more,
  };
}

/** Stores what a finished lister leaves: pieces, summaries and the listing. Each inner list is one shard, in key order. */
export async function storeInventory(
  jobStore: JobStore,
  shards: readonly (readonly InventoryRow[])[],
  folder = address.folder,
): Promise<Listing> {
  const tallies = {
    transfer: noObjects(),
    unchanged: noObjects(),
    kept: noObjects(),
    excluded: noObjects(),
    exception: noObjects(),
  };
  let listed = noObjects();
  let after: string | null = null;
  for (const [index, rows] of shards.entries()) {
    const shard = shardName(index);
    let ofShard = noObjects();
    for (const { sizeBytes, decision } of rows) {
      const size = { objects: 1, bytes: sizeBytes };
      tallies[decision] = addTally(tallies[decision], size);
      ofShard = addTally(ofShard, size);
    }
    listed = addTally(listed, ofShard);
    const last = index === shards.length - 1;
    const upTo: string | null = last ? null : (rows.at(-1)?.key ?? after);
    if (rows.length > 0) await jobStore.write(jobLayout.shardPiece(folder, shard, 0), encodeLines(rows));
    const summary: ShardSummary = {
      shard,
      range: { after, upTo },
      pieces: rows.length > 0 ? 1 : 0,
      listed: ofShard,
    };
    await jobStore.write(jobLayout.shardSummary(folder, shard), encodeJson(summary));
    after = upTo;
  }
  const listing: Listing = {
    version: 1,
    shards: shards.length,
    batches: shards.length,
    listed,
    tallies,
    requests: { source: { ListObjectsV2: 1 }, destination: { ListObjectsV2: 1 } },
    effort: { ranges: 1, pages: 1, emptyProbes: 0 },
    finishedAtMs: 1_100_000,
  };
  await jobStore.write(jobLayout.listing(folder), encodeJson(listing));
  return listing;
}
