import { z } from 'zod';
import { JobStoreDamaged } from '../core/errors.ts';
import { Listing } from '../core/inventory/checkpoint.ts';
import { jobLayout, shardName } from '../core/job-layout.ts';
import { decodeJson, encodeJson } from '../core/json-lines.ts';
import { partitionCount } from '../core/partition/partition-count.ts';
import type { JobStore } from '../core/ports.ts';
import { ShardVerification } from '../core/verification/findings.ts';
import { accountedFor, openVerdict } from '../core/verification/verdict.ts';
import { jobStore } from './aws-ports.ts';
import { readPlan } from './migration-address.ts';
import { onLambda } from './on-lambda.ts';
import { VerificationRound } from './plan-verification.ts';
import { type Ports, step } from './step.ts';

/** Files read from the job store at once. */
const readsAtOnce = 32;

/**
 * Adds up what the shards found, checks that every listed object is accounted for exactly once, stores the
 * verdict, and names the shards that need a repair round. Under the hash strategy it also sets the number of
 * partitions of that round: here, where the queue is drained and nothing sends, no message of another number is left. Throws `JobStoreDamaged` when the sums do not meet.
 */
export const judge = step({
  input: VerificationRound,
  output: VerificationRound.extend({ repair: z.boolean() }),
  async run({ migration, folder, round }, { jobStore }: Pick<Ports, 'jobStore'>) {
    const listingFile = await jobStore.read(jobLayout.listing(folder));
    if (listingFile === null)
      throw new JobStoreDamaged(
        `${jobStore.address(jobLayout.listing(folder))} is missing: start the migration again under a new id.`,
      );
    const listing = decodeJson(listingFile.bytes, Listing);
    const { add, verdict } = openVerdict(round);
    const toRepair: string[] = [];
    const shards = Array.from({ length: listing.shards }, (_, index) => shardName(index));
    for (let from = 0; from < shards.length; from += readsAtOnce) {
      const found = await Promise.all(
        shards.slice(from, from + readsAtOnce).map((shard) => readVerification(jobStore, folder, shard)),
      );
      for (const verification of found) {
        add(verification);
        if (verification.outcomes.repair.objects > 0) toRepair.push(verification.shard);
      }
    }
    const accounted = accountedFor(verdict);
    if (accounted.objects !== listing.listed.objects || accounted.bytes !== listing.listed.bytes) {
      throw new JobStoreDamaged(
        `${listing.listed.objects} objects (${listing.listed.bytes} bytes) were listed and ${accounted.objects} (${accounted.bytes} bytes) are accounted for. The inventory was changed under the migration; start it again under a new id.`,
      );
    }
    await jobStore.write(jobLayout.verdict(folder), encodeJson(verdict));
    if (toRepair.length > 0) await partitionAnew(jobStore, folder, verdict.outcomes.repair.objects);
    return {
      migration,
      folder,
      round: toRepair.length > 0 ? round + 1 : round,
      shards: toRepair,
      repair: toRepair.length > 0,
    };
  },
});

export const handler = onLambda(judge, { jobStore });

/** Repairs are a message each. */
async function partitionAnew(jobStore: JobStore, folder: string, repairs: number): Promise<void> {
  const plan = await readPlan(jobStore, folder);
  const partitions = partitionCount(plan.request, repairs);
  if (partitions === null || partitions === plan.partitions) return;
  await jobStore.write(jobLayout.plan(folder), encodeJson({ ...plan, partitions }));
}

async function readVerification(
  jobStore: JobStore,
  folder: string,
  shard: string,
): Promise<ShardVerification> {
  const path = jobLayout.verification(folder, shard);
  const file = await jobStore.read(path);
  if (file === null)
    throw new JobStoreDamaged(
      `${jobStore.address(path)} is missing: shard ${shard} was never verified. Start the migration again: it resumes.`,
    );
  return decodeJson(file.bytes, ShardVerification);
}
