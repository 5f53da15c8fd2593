import { z } from 'zod';
import { Listing } from '../core/inventory/checkpoint.ts';
import { ListingError } from '../core/inventory/listing-error.ts';
import { jobLayout } from '../core/job-layout.ts';
import { decodeJson, encodeJson } from '../core/json-lines.ts';
import type { JobStore } from '../core/ports.ts';
import { buildReport } from '../core/report/build-report.ts';
import { explainFailure, Failure } from '../core/report/explain-failure.ts';
import { renderReport } from '../core/report/render-html.ts';
import { inlineExceptions, Report } from '../core/report/report.ts';
import { Verdict } from '../core/verification/verdict.ts';
import { clock, history, jobStore } from './aws-ports.ts';
import { gatherExceptions } from './gather-exceptions.ts';
import { gatherTotals } from './gather-totals.ts';
import { findPlan, MigrationAddress } from './migration-address.ts';
import { onLambda } from './on-lambda.ts';
import { type Ports, step } from './step.ts';

const Event = z.enum(['Migration Succeeded', 'Migration Finished With Exceptions', 'Migration Failed']);

/** Writes report.json, report.html and the file of all exceptions; gives the event to announce. Works after every failure. */
export const report = step({
  input: z.object({
    execution: z.string(),
    state: MigrationAddress.extend({ startedAt: z.iso.datetime(), error: Failure.optional() }),
  }),
  output: z.strictObject({
    status: Report.shape.status,
    error: Report.shape.error,
    event: Event,
    detail: z.strictObject({
      migration: z.string(),
      report: z.string(),
      listed: Report.shape.listed,
      outcomes: Report.shape.outcomes,
      error: Report.shape.error,
    }),
  }),
  async run(
    { execution, state: { migration, folder, startedAt, error } },
    { jobStore, history, clock }: Pick<Ports, 'jobStore' | 'history' | 'clock'>,
  ) {
    const plan = await findPlan(jobStore, folder);
    const listing = await find(jobStore, jobLayout.listing(folder), Listing);
    const verdict = await find(jobStore, jobLayout.verdict(folder), Verdict);
    const failed =
      error === undefined
        ? null
        : await explainFailure(error, () =>
            find(jobStore, jobLayout.listingError(folder), ListingError).then(
              (words) => words && { name: words.name, message: words.message },
            ),
          );
    const exceptions =
      verdict === null || listing === null
        ? null
        : await gatherExceptions(jobStore, folder, listing.shards, inlineExceptions);
    const built = buildReport({
      migration,
      startedAtMs: Date.parse(startedAt),
      nowMs: clock.nowMs(),
      plan,
      listing,
      verdict,
      error: failed,
      exceptions: exceptions?.first ?? [],
      exceptionsFile: exceptions?.file ?? null,
      totals: await gatherTotals(jobStore, folder),
      states: await history.states(execution),
    });
    await jobStore.write(jobLayout.report(folder), encodeJson(built));
    await jobStore.write(jobLayout.reportPage(folder), new TextEncoder().encode(renderReport(built)));
    const events = {
      SUCCEEDED: 'Migration Succeeded',
      FINISHED_WITH_EXCEPTIONS: 'Migration Finished With Exceptions',
      FAILED: 'Migration Failed',
    } as const;
    const detail = {
      migration,
      report: jobStore.address(jobLayout.reportPage(folder)),
      listed: built.listed,
      outcomes: built.outcomes,
      error: built.error,
    };
    return { status: built.status, error: built.error, event: events[built.status], detail };
  },
});

export const handler = onLambda(report, { clock, history, jobStore });

async function find<Value extends z.ZodType>(
  jobStore: JobStore,
  path: string,
  schema: Value,
): Promise<z.output<Value> | null> {
  const file = await jobStore.read(path);
  return file === null ? null : decodeJson(file.bytes, schema);
}
