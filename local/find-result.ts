import { jobLayout } from '../core/job-layout.ts';
import { decodeJson } from '../core/json-lines.ts';
import type { JobStore } from '../core/ports.ts';
import { explainFailure } from '../core/report/explain-failure.ts';
import { Report } from '../core/report/report.ts';
import type { ExecutionFailed } from './interpret.ts';
import type { LocalResult } from './local-run.ts';

/** Finds the report that this execution wrote; a refusal wrote none. */
export async function findResult(
  jobStore: JobStore,
  migration: string,
  startedAtMs: number,
  failure: ExecutionFailed | null,
): Promise<LocalResult> {
  let found: { report: Report; folder: string } | null = null;
  for (let pass = 1; ; pass++) {
    const folder = jobLayout.passFolder(migration, pass);
    const file = await jobStore.read(jobLayout.report(folder));
    if (file === null) break;
    found = { report: decodeJson(file.bytes, Report), folder };
  }
  const error =
    failure === null
      ? null
      : await explainFailure({ Error: failure.error, Cause: failure.causeText }, async () => null);
  const isOurs = found !== null && Date.parse(found.report.finishedAt) >= startedAtMs;
  if (found === null || !isOurs) return { report: null, folder: jobLayout.passFolder(migration, 1), error };
  return { ...found, error: found.report.error ?? error };
}
