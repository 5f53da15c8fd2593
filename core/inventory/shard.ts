import { z } from 'zod';
import { JobStoreDamaged } from '../errors.ts';
import { jobLayout } from '../job-layout.ts';
import { decodeJson } from '../json-lines.ts';
import { KeyRange } from '../keyspace/key-range.ts';
import type { JobStore } from '../ports.ts';
import { readLines } from '../read-lines.ts';
import { Tally } from '../transfer/outcome.ts';
import { InventoryRow } from './inventory-row.ts';

/**
 * A finished shard of the inventory: every source key of its range, in `pieces` files. Shards are
 * contiguous and disjoint; together they cover the whole key space under the source's prefix.
 */
export const ShardSummary = z.strictObject({
  shard: z.string(),
  range: KeyRange,
  pieces: z.int().min(0),
  listed: Tally,
});
export type ShardSummary = z.infer<typeof ShardSummary>;

/** Reads a shard's summary; throws `JobStoreDamaged` when it is not there. */
export async function readShardSummary(
  jobStore: JobStore,
  folder: string,
  shard: string,
): Promise<ShardSummary> {
  const path = jobLayout.shardSummary(folder, shard);
  const file = await jobStore.read(path);
  if (file === null)
    throw new JobStoreDamaged(
      `${jobStore.address(path)} is missing: shard ${shard} was listed but its summary is gone. Start the migration again under a new id.`,
    );
  return decodeJson(file.bytes, ShardSummary);
}

/** Yields a shard's rows in key order, a piece at a time; throws `JobStoreDamaged` when a piece is missing or damaged. */
export async function* readShardRows(
  jobStore: JobStore,
  folder: string,
  { shard, pieces }: ShardSummary,
): AsyncGenerator<InventoryRow[]> {
  for (let piece = 0; piece < pieces; piece++) {
    const path = jobLayout.shardPiece(folder, shard, piece);
    const rows = await readLines(jobStore, path, InventoryRow);
    if (rows === null)
      throw new JobStoreDamaged(
        `${jobStore.address(path)} is missing: the inventory is incomplete. Start the migration again under a new id.`,
      );
    yield rows;
  }
}
