import { jobLayout, shardName } from '../core/job-layout.ts';
import { encodeLines } from '../core/json-lines.ts';
import { compareKeys } from '../core/keyspace/key-order.ts';
import type { JobStore } from '../core/ports.ts';
import { readLines } from '../core/read-lines.ts';
import type { ReportedException } from '../core/report/report.ts';
import { Finding } from '../core/verification/findings.ts';

/**
 * Joins the exceptions of all shards, in key order, into one file, and gives the first few. The file is made of
 * gzipped pieces, so only their compressed bytes are held. No exceptions, no file.
 */
export async function gatherExceptions(
  jobStore: JobStore,
  folder: string,
  shards: number,
  most: number,
): Promise<{ first: ReportedException[]; file: string | null }> {
  const first: ReportedException[] = [];
  const pieces: Uint8Array[] = [];
  for (let index = 0; index < shards; index++) {
    const findings = await readLines(jobStore, jobLayout.findings(folder, shardName(index)), Finding);
    if (findings === null) continue;
    const exceptions = findings.flatMap((finding): ReportedException[] =>
      finding.action === 'exception'
        ? [{ key: finding.key, kind: finding.kind, reason: finding.reason }]
        : [],
    );
    // Verification asks the source about several keys at once, and files what it finds as the answers come.
    exceptions.sort((a, b) => compareKeys(a.key, b.key));
    if (exceptions.length > 0) pieces.push(encodeLines(exceptions));
    first.push(...exceptions.slice(0, most - first.length));
  }
  if (pieces.length === 0) return { first, file: null };
  const path = jobLayout.exceptions(folder);
  await jobStore.write(path, Buffer.concat(pieces));
  return { first, file: jobStore.address(path) };
}
