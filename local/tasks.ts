import { z } from 'zod';
import { Listing } from '../core/inventory/checkpoint.ts';
import { readShardSummary } from '../core/inventory/shard.ts';
import { jobLayout } from '../core/job-layout.ts';
import { decodeJson } from '../core/json-lines.ts';
import type { JobStore } from '../core/ports.ts';
import { ExecutionFailed, type Interpretation, interpret, type TaskHandler } from './interpret.ts';
import { IntegrationFailed } from './lambda-error.ts';
import type { MigrationWatch } from './watch-migration.ts';

type Handlers = Record<string, TaskHandler>;

const StartExecution = z.object({ Input: z.json() });

/** What states:startExecution.sync:2 does on this machine: runs the nested machine and gives its output, or fails as it does. */
export function nestedExecution(nested: Omit<Interpretation, 'input'>): TaskHandler {
  return async (parameters) => {
    const { Input } = StartExecution.parse(parameters);
    try {
      return { Status: 'SUCCEEDED', Output: await interpret({ ...nested, input: Input }) };
    } catch (error) {
      if (!(error instanceof ExecutionFailed)) throw error;
      throw new IntegrationFailed({ Status: 'FAILED', Error: error.error, Cause: error.causeText });
    }
  };
}

const OfMigration = z.object({ folder: z.string() });
const OfShard = z.object({ folder: z.string(), shard: z.string() });

/** The two verification tasks, telling the watch how much there is to verify and how much is done. */
export function watchVerification(steps: Handlers, jobStore: JobStore, watch: MigrationWatch): Handlers {
  const { 'Plan verification': plan, 'Verify shard': verify } = steps;
  if (plan === undefined || verify === undefined) throw new Error('the verification steps are not bound');
  return {
    'Plan verification': async (input) => {
      const file = await jobStore.read(jobLayout.listing(OfMigration.parse(input).folder));
      if (file !== null) {
        const listing = decodeJson(file.bytes, Listing);
        watch.listed(listing.tallies);
        watch.toVerify(listing.listed.objects);
      }
      return plan(input);
    },
    'Verify shard': async (input) => {
      const result = await verify(input);
      const { folder, shard } = OfShard.parse(input);
      watch.verified((await readShardSummary(jobStore, folder, shard)).listed.objects);
      return result;
    },
  };
}
