import { z } from 'zod';
import { ListingFailed } from '../core/errors.ts';
import { Listing } from '../core/inventory/checkpoint.ts';
import { jobLayout, shardName } from '../core/job-layout.ts';
import { decodeJson } from '../core/json-lines.ts';
import { jobStore } from './aws-ports.ts';
import { MigrationAddress } from './migration-address.ts';
import { onLambda } from './on-lambda.ts';
import { type Ports, step } from './step.ts';

/** What the verification map runs over: shard names only, so that billions of objects fit a payload. */
export const VerificationRound = MigrationAddress.extend({
  round: z.int().min(1),
  shards: z.array(z.string()),
});

/** Names every shard of the inventory for the first round. Throws `ListingFailed` when the listing left no result. */
export const planVerification = step({
  input: MigrationAddress,
  output: VerificationRound,
  async run({ migration, folder }, { jobStore }: Pick<Ports, 'jobStore'>) {
    const file = await jobStore.read(jobLayout.listing(folder));
    if (file === null)
      throw new ListingFailed(
        'the lister ended without a result. Look at its log, then start the migration again: it resumes.',
      );
    const { shards } = decodeJson(file.bytes, Listing);
    return {
      migration,
      folder,
      round: 1,
      shards: Array.from({ length: shards }, (_, index) => shardName(index)),
    };
  },
});

export const handler = onLambda(planVerification, { jobStore });
