import { z } from 'zod';
import { encodeBatch } from '../core/batching/batch.ts';
import { JobStoreDamaged } from '../core/errors.ts';
import { jobLayout } from '../core/job-layout.ts';
import { batchEnvelope } from '../core/migration.ts';
import { groupOf, partitionOf } from '../core/partition/partition-of.ts';
import type { MessageToSend } from '../core/ports.ts';
import { readLines } from '../core/read-lines.ts';
import { Finding } from '../core/verification/findings.ts';
import { jobStore, queue } from './aws-ports.ts';
import { MigrationAddress, readPlan } from './migration-address.ts';
import { onLambda } from './on-lambda.ts';
import { type Ports, step } from './step.ts';

/** Messages handed to the queue at once. */
const portion = 1000;

/** Queues what one shard's verification found missing or different, one key per message, so that one bad key holds up no other. */
export const enqueueShardRepairs = step({
  input: MigrationAddress.extend({ shard: z.string(), round: z.int().min(2) }),
  output: z.string(),
  async run({ folder, shard, round }, { jobStore, queue }: Pick<Ports, 'jobStore' | 'queue'>) {
    const plan = await readPlan(jobStore, folder);
    const path = jobLayout.findings(folder, shard);
    const findings = await readLines(jobStore, path, Finding);
    if (findings === null)
      throw new JobStoreDamaged(
        `${jobStore.address(path)} is missing: start the migration again, it verifies again.`,
      );
    const repairs = findings.filter((finding) => finding.action === 'repair');
    const envelope = batchEnvelope(plan);
    for (let from = 0; from < repairs.length; from += portion) {
      const messages = repairs.slice(from, from + portion).map(({ file }, index): MessageToSend => {
        const batch = `${shard}-${from + index}-r${round}`;
        const message = { ...envelope, batch, shard, attempt: 1, files: [file] };
        if (plan.partitions === undefined) return { body: encodeBatch(message) };
        const partition = partitionOf(file.key, plan.partitions);
        return { body: encodeBatch({ ...message, partition }), group: groupOf(partition) };
      });
      await queue.send(messages);
    }
    return shard;
  },
});

export const handler = onLambda(enqueueShardRepairs, { jobStore, queue });
