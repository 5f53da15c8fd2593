import { z } from 'zod';
import { JobStoreDamaged } from '../core/errors.ts';
import { jobLayout } from '../core/job-layout.ts';
import { decodeJson } from '../core/json-lines.ts';
import { MigrationPlan } from '../core/migration.ts';
import type { JobStore } from '../core/ports.ts';
import { Report } from '../core/report/report.ts';

/** What every state hands to the next: which migration, and where its files are. */
export const MigrationAddress = z.object({ migration: z.string().min(1), folder: z.string().min(1) });
export type MigrationAddress = z.infer<typeof MigrationAddress>;

/** The plan that Preflight stored; null when the migration did not come that far. */
export async function findPlan(jobStore: JobStore, folder: string): Promise<MigrationPlan | null> {
  const file = await jobStore.read(jobLayout.plan(folder));
  return file === null ? null : decodeJson(file.bytes, MigrationPlan);
}

/** The plan that Preflight stored; throws `JobStoreDamaged` when it is gone. */
export async function readPlan(jobStore: JobStore, folder: string): Promise<MigrationPlan> {
  const plan = await findPlan(jobStore, folder);
  if (plan === null)
    throw new JobStoreDamaged(
      `${jobStore.address(jobLayout.plan(folder))} is missing: start the migration again from the beginning.`,
    );
  return plan;
}

/** The folder of the first pass that has not ended well: a failed or interrupted one is resumed, a finished one is left as it is. */
export async function unfinishedPass(jobStore: JobStore, migration: string): Promise<string> {
  for (let pass = 1; ; pass++) {
    const folder = jobLayout.passFolder(migration, pass);
    const file = await jobStore.read(jobLayout.report(folder));
    if (file === null || decodeJson(file.bytes, Report).status === 'FAILED') return folder;
  }
}
