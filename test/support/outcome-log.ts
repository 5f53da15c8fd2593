import { jobLayout } from '../../core/job-layout.ts';
import { decodeLines } from '../../core/json-lines.ts';
import type { JobStore } from '../../core/ports.ts';
import { OutcomeRow } from '../../core/transfer/outcome.ts';
import { OutcomeLine, type WorkerTotals } from '../../core/transfer/outcome-file.ts';
import { allOf } from './all-of.ts';

async function linesOf(jobStore: JobStore, path: string): Promise<OutcomeLine[]> {
  const file = await jobStore.read(path);
  return file === null ? [] : decodeLines(file.bytes, OutcomeLine);
}

/** Every row that workers stored for a migration, and the totals at the end of each file. */
export async function outcomeLog(
  jobStore: JobStore,
  folder: string,
): Promise<{ rows: OutcomeRow[]; totals: WorkerTotals[] }> {
  const paths = await allOf(jobStore.list(jobLayout.outcomes(folder)));
  const lines = (await Promise.all(paths.map((path) => linesOf(jobStore, path)))).flat();
  return {
    rows: lines.flatMap((line) => ('totals' in line ? [] : [line])),
    totals: lines.flatMap((line) => ('totals' in line ? [line.totals] : [])),
  };
}

/** The exceptions that workers filed under a shard. */
export async function filedExceptions(
  jobStore: JobStore,
  folder: string,
  shard: string,
): Promise<OutcomeRow[]> {
  const paths = await allOf(jobStore.list(jobLayout.shardExceptions(folder, shard)));
  const files = await Promise.all(paths.map((path) => jobStore.read(path)));
  return files.flatMap((file) => (file === null ? [] : decodeLines(file.bytes, OutcomeRow)));
}
