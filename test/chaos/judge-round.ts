import { DiskJobStore } from '../../adapters/disk/job-store.ts';
import type { InventoryRow } from '../../core/inventory/inventory-row.ts';
import { readShardRows, readShardSummary } from '../../core/inventory/shard.ts';
import { jobLayout } from '../../core/job-layout.ts';
import type { ObjectStore } from '../../core/ports.ts';
import type { Report, ReportedException } from '../../core/report/report.ts';
import type { LocalResult } from '../../local/local-run.ts';
import { outcomeLog } from '../support/outcome-log.ts';
import type { TwoBuckets } from '../support/two-buckets.ts';
import { type History, propertiesOf, sha256Of, type Truth } from './truth.ts';

type Arrived = { sha256: string; metadata: Record<string, string> };

/** Compares how a migration says it ended with what is there. Gives a sentence for each contradiction; none: the verdict is right. */
export async function judgeRound(result: LocalResult, buckets: TwoBuckets, truth: Truth): Promise<string[]> {
  const { report, folder } = result;
  if (report === null) return [`there is no report: ${JSON.stringify(result.error)}`];
  if (report.status === 'FAILED') return [`the migration failed: ${JSON.stringify(report.error)}`];
  const jobStore = new DiskJobStore(buckets.out);
  const rows = await readInventory(jobStore, folder);
  const arrived = await readAll(buckets.to);
  const exceptions = new Map(report.exceptions.map((exception) => [exception.key, exception]));
  const wrong = judgeCounts(report, rows);
  for (const row of rows) {
    const history = truth.histories.get(row.key);
    const found = arrived.get(row.key);
    const name = JSON.stringify(row.key);
    if (history === undefined) wrong.push(`${name} is listed and never was at the source`);
    else
      wrong.push(...judgeKey(row, history, found, exceptions.get(row.key)).map((said) => `${name} ${said}`));
    if (found !== undefined && found.metadata['truth'] !== propertiesOf(row.key).metadata['truth'])
      wrong.push(`${name} arrived without its metadata: ${JSON.stringify(found.metadata)}`);
  }
  const listed = new Set(rows.map(({ key }) => key));
  for (const [key, { mutation }] of truth.histories)
    if (mutation !== 'deleted' && !listed.has(key)) wrong.push(`${JSON.stringify(key)} was never listed`);
  for (const key of arrived.keys())
    if (!listed.has(key)) wrong.push(`${JSON.stringify(key)} was written and is not listed`);
  for (const key of exceptions.keys())
    if (!listed.has(key)) wrong.push(`${JSON.stringify(key)} is an exception and is not listed`);
  const { rows: outcomes } = await outcomeLog(jobStore, folder);
  const ended = new Set(outcomes.filter(({ outcome }) => outcome !== 'retried').map(({ key }) => key));
  for (const { key, decision } of rows)
    if (decision === 'transfer' && !ended.has(key))
      wrong.push(`${JSON.stringify(key)} has no outcome on record`);
  for await (const { key } of buckets.to.unfinishedUploads(''))
    wrong.push(`an upload of ${JSON.stringify(key)} was left unfinished`);
  return wrong;
}

function judgeCounts(report: Report, rows: readonly InventoryRow[]): string[] {
  const { outcomes, exceptions } = report;
  const bytes = rows.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const said = {
    status: report.status,
    listed: report.listed,
    arrived: outcomes.copied.objects + outcomes.unchanged.objects,
    exceptions: outcomes.exception.objects,
    excluded: outcomes.excluded.objects,
    keys: new Set(rows.map(({ key }) => key)).size,
  };
  const is = {
    status: exceptions.length === 0 ? 'SUCCEEDED' : 'FINISHED_WITH_EXCEPTIONS',
    listed: { objects: rows.length, bytes },
    arrived: rows.length - exceptions.length,
    exceptions: exceptions.length,
    excluded: 0,
    keys: rows.length,
  };
  return JSON.stringify(said) === JSON.stringify(is)
    ? []
    : [`the report says ${JSON.stringify(said)}, and it is ${JSON.stringify(is)}`];
}

/** What contradicts what is reported of one key. */
function judgeKey(
  row: InventoryRow,
  { versions, mutation }: History,
  found: Arrived | undefined,
  exception: ReportedException | undefined,
): string[] {
  const listed = versions.find(({ sizeBytes, etag }) => sizeBytes === row.sizeBytes && etag === row.etag);
  if (listed === undefined) return ['is listed in a version that never was'];
  const arrived = versions.findIndex(({ sha256 }) => sha256 === found?.sha256);
  if (found !== undefined && arrived < 0) return ['arrived with bytes that it never had'];
  const there = found === undefined ? 'missing' : `there in version ${arrived}`;
  const state = `${there}; at the source it is ${mutation}, listed in version ${versions.indexOf(listed)}`;
  if (exception === undefined)
    return found?.sha256 === listed.sha256 ? [] : [`is reported as copied and is ${state}`];
  const said = `is reported as ${exception.kind} (${exception.reason}) and is ${state}`;
  const isRight =
    exception.kind === 'source-missing'
      ? mutation === 'deleted' && found === undefined
      : exception.kind === 'source-changed' &&
        mutation === 'overwritten' &&
        arrived === versions.length - 1 &&
        found?.sha256 !== listed.sha256;
  return isRight ? [] : [said];
}

async function readInventory(jobStore: DiskJobStore, folder: string): Promise<InventoryRow[]> {
  const rows: InventoryRow[] = [];
  for await (const path of jobStore.list(jobLayout.shardSummaries(folder))) {
    const shard = path.slice(jobLayout.shardSummaries(folder).length, -'.json'.length);
    const summary = await readShardSummary(jobStore, folder, shard);
    for await (const piece of readShardRows(jobStore, folder, summary)) rows.push(...piece);
  }
  return rows;
}

async function readAll(store: ObjectStore): Promise<Map<string, Arrived>> {
  const found = new Map<string, Arrived>();
  for (let startAfter: string | null = null; ; ) {
    const page: Awaited<ReturnType<ObjectStore['listPage']>> = await store.listPage({
      prefix: '',
      startAfter,
    });
    for (const { key } of page.objects) {
      const object = await store.get(key);
      if (object === null)
        throw new Error(`${JSON.stringify(key)} is listed at the destination and not there`);
      const chunks: Uint8Array[] = [];
      for await (const chunk of object.body) chunks.push(chunk);
      found.set(key, { sha256: sha256Of(Buffer.concat(chunks)), metadata: object.details.metadata });
    }
    startAfter = page.objects.at(-1)?.key ?? null;
    if (!page.more) return found;
  }
}
