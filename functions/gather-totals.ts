import { jobLayout } from '../core/job-layout.ts';
import type { JobStore } from '../core/ports.ts';
import { readLines } from '../core/read-lines.ts';
import { addRequests, type RequestsBySide } from '../core/requests-made.ts';
import { OutcomeLine } from '../core/transfer/outcome-file.ts';
import { joinBuckets, type ThroughputBucket } from '../core/transfer/throughput.ts';

/** What all workers did, from the last file of each: for the bill and the chart, never for the verdict. */
export async function gatherTotals(
  jobStore: JobStore,
  folder: string,
): Promise<{ requests: RequestsBySide; throughput: ThroughputBucket[] }> {
  const lastFiles = new Map<string, string>();
  for await (const path of jobStore.list(jobLayout.outcomes(folder)))
    lastFiles.set(path.slice(0, path.lastIndexOf('/')), path);
  const requests: RequestsBySide = { source: {}, destination: {} };
  const series: ThroughputBucket[][] = [];
  for (const path of lastFiles.values()) {
    const last = (await readLines(jobStore, path, OutcomeLine))?.at(-1);
    if (last === undefined || !('totals' in last)) continue;
    addRequests(requests.source, last.totals.requests.source);
    addRequests(requests.destination, last.totals.requests.destination);
    series.push(last.totals.throughput);
  }
  return { requests, throughput: joinBuckets(series) };
}
