import type { MemoryObjectStore } from '../../../adapters/memory/object-store.ts';
import type { InventoryRow } from '../../../core/inventory/inventory-row.ts';
import { readShardRows } from '../../../core/inventory/shard.ts';
import type { MigrationPlan } from '../../../core/migration.ts';
import type { ExceptionKind } from '../../../core/transfer/outcome.ts';
import type { Finding, ShardVerification } from '../../../core/verification/findings.ts';
import { openVerdict, type Verdict } from '../../../core/verification/verdict.ts';
import { verifyShard } from '../../../core/verification/verify-shard.ts';
import { aPlan, type RequestChanges } from '../../support/builders.ts';
import { bucketOf, inPagesOf, putText, type Texts } from '../../support/memory-buckets.ts';
import { type Place, placeOf, readInventory, runLister } from '../inventory/listing-runs.ts';

export type Found = {
  verdict: Verdict;
  shards: ShardVerification[];
  findings: Finding[];
  rows: InventoryRow[];
};

/** A source that was listed, and a destination as it is when it is verified. */
export type Scene = {
  place: Place;
  plan: MigrationPlan;
  source: MemoryObjectStore;
  destination: MemoryObjectStore;
};

/** Lists the source against what the destination held before, then puts the copies there. */
export async function aScene(
  texts: { source?: Texts; before?: Texts; after?: Texts },
  request: RequestChanges = {},
  sizes: {
    pageSize?: number;
    shardRows?: number;
    capabilities?: Partial<MigrationPlan['capabilities']>;
    destinationWrittenAtMs?: number;
  } = {},
): Promise<Scene> {
  const { capabilities, destinationWrittenAtMs = 2000, ...pages } = sizes;
  const plan = aPlan(request, capabilities);
  const source = await bucketOf(texts.source, 1000);
  const destination = await bucketOf(texts.before, destinationWrittenAtMs);
  const place = placeOf({ plan, source, destination, ...pages });
  await runLister(place);
  for (const [key, text] of Object.entries(texts.after ?? {})) await putText(destination, key, text);
  return { place, plan, source, destination };
}

/** Verifies every shard of a scene and adds up what they found. */
export async function verifyAll(
  { place, plan, source, destination }: Scene,
  options: { round?: number; recorded?: Record<string, ExceptionKind> } = {},
): Promise<Found> {
  const { round = 1, recorded = {} } = options;
  const listing = await runLister(place);
  if (typeof listing === 'string') throw new Error(`the lister ${listing}`);
  const inventory = await readInventory(place, listing);
  const { add, verdict } = openVerdict(round);
  const shards: ShardVerification[] = [];
  const findings: Finding[] = [];
  for (const shard of inventory.shards) {
    const found = await verifyShard({
      plan,
      shard,
      rows: readShardRows(place.jobStore, plan.folder, shard),
      source: inPagesOf(place.pageSize, source),
      destination: inPagesOf(place.pageSize, destination),
      recorded: new Map(
        Object.entries(recorded).map(([key, kind]) => [key, { kind, reason: 'the worker said so' }]),
      ),
      round,
    });
    shards.push(found.verification);
    findings.push(...found.findings);
    add(found.verification);
  }
  return { verdict, shards, findings, rows: inventory.rows.flat() };
}
