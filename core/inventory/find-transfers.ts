import { jobLayout } from '../job-layout.ts';
import { decodeJson } from '../json-lines.ts';
import { rangeContains } from '../keyspace/key-range.ts';
import type { JobStore } from '../ports.ts';
import { readShardRows, ShardSummary } from './shard.ts';

/** Those of the keys that the inventory lists as to be transferred. Meant for a few keys: it reads the shards they lie in. */
export async function findTransfers(
  jobStore: JobStore,
  folder: string,
  keys: ReadonlySet<string>,
): Promise<Set<string>> {
  const found = new Set<string>();
  if (keys.size === 0) return found;
  for await (const path of jobStore.list(jobLayout.shardSummaries(folder))) {
    const file = await jobStore.read(path);
    if (file === null) continue;
    const summary = decodeJson(file.bytes, ShardSummary);
    if (![...keys].some((key) => rangeContains(summary.range, key))) continue;
    for await (const rows of readShardRows(jobStore, folder, summary)) {
      for (const { key, decision } of rows) if (decision === 'transfer' && keys.has(key)) found.add(key);
    }
  }
  return found;
}
