import { z } from 'zod';
import { isRcloneLocation } from '../core/batching/batch.ts';
import { readShardRows, readShardSummary } from '../core/inventory/shard.ts';
import { jobLayout } from '../core/job-layout.ts';
import { decodeJson, encodeJson, encodeLines } from '../core/json-lines.ts';
import { destinationLocation, sourceLocation } from '../core/migration.ts';
import type { JobStore } from '../core/ports.ts';
import { readLines } from '../core/read-lines.ts';
import { addRequests } from '../core/requests-made.ts';
import { type ExceptionKind, OutcomeRow } from '../core/transfer/outcome.ts';
import { ShardVerification } from '../core/verification/findings.ts';
import { verifyShard as verify } from '../core/verification/verify-shard.ts';
import { jobStore, openStore } from './aws-ports.ts';
import { MigrationAddress, readPlan } from './migration-address.ts';
import { onLambda } from './on-lambda.ts';
import { type Ports, step } from './step.ts';

/**
 * Verifies one shard and stores what it found. Doing it again replaces what was found. Gives back only
 * the shard's name, so that the map's result stays small.
 */
export const verifyShard = step({
  input: MigrationAddress.extend({ shard: z.string(), round: z.int().min(1) }),
  output: z.string(),
  async run({ folder, shard, round }, { jobStore, openStore }: Pick<Ports, 'jobStore' | 'openStore'>) {
    const plan = await readPlan(jobStore, folder);
    const summary = await readShardSummary(jobStore, folder, shard);
    const location = sourceLocation(plan.request);
    const source = isRcloneLocation(location) ? null : await openStore(location);
    const destination = await openStore(destinationLocation(plan.request));
    try {
      const recorded = await recordedExceptions(jobStore, folder, shard);
      const { verification, findings } = await verify({
        plan,
        shard: summary,
        rows: readShardRows(jobStore, folder, summary),
        source,
        destination,
        recorded,
        round,
      });
      const before = await jobStore.read(jobLayout.verification(folder, shard));
      if (before !== null) {
        const earlier = decodeJson(before.bytes, ShardVerification);
        if (round > 1) {
          verification.repairedBefore = earlier.round < round ? earlier.repaired : earlier.repairedBefore;
          verification.repaired += verification.repairedBefore;
        }
        // Unlike repairs, requests of an attempt that is replaced were made all the same.
        addRequests(verification.requests.source, earlier.requests.source);
        addRequests(verification.requests.destination, earlier.requests.destination);
      }
      await jobStore.write(jobLayout.findings(folder, shard), encodeLines(findings));
      await jobStore.write(jobLayout.verification(folder, shard), encodeJson(verification));
      return shard;
    } finally {
      source?.close();
      destination.close();
    }
  },
});

export const handler = onLambda(verifyShard, { jobStore, openStore });

/** The last word of the workers on each key of the shard that they gave up. */
async function recordedExceptions(
  jobStore: JobStore,
  folder: string,
  shard: string,
): Promise<Map<string, { kind: ExceptionKind; reason: string }>> {
  const last = new Map<string, { kind: ExceptionKind; reason: string; endedAtMs: number }>();
  for await (const path of jobStore.list(jobLayout.shardExceptions(folder, shard))) {
    for (const { key, kind, reason, endedAtMs } of (await readLines(jobStore, path, OutcomeRow)) ?? []) {
      const known = last.get(key);
      if (kind !== undefined && (known === undefined || known.endedAtMs <= endedAtMs))
        last.set(key, { kind, reason: reason ?? '', endedAtMs });
    }
  }
  return new Map([...last].map(([key, { kind, reason }]) => [key, { kind, reason }]));
}
