import type { ObjectSummary } from '../core/inventory/inventory-row.ts';
import { findRclone } from '../local/find-rclone.ts';
import type { Row } from './rows.ts';
import { type TransferCase, transferCases } from './transfer/cases.ts';
import { drover } from './transfer/drover.ts';
import { type BenchStore, clientOf, fill, listAll, startStore } from './transfer/stores.ts';
import type { Measured, Subject } from './transfer/subject.ts';
import { juicefsSync, rcloneCopy, s5cmd } from './transfer/tools.ts';

/** What is measured: which cases and subjects (all when none is named), how much of them, and how often. */
export type TransferOptions = { cases: string[]; subjects: string[]; quick: boolean; rounds: number };

type Round = Measured & { requestsPerObject: number | null };

const subjects: readonly Subject[] = [
  rcloneCopy,
  ...[1, 2, 4, 8].map((workers) => drover(workers)),
  juicefsSync,
  s5cmd,
];
/** Run only where they are named: they tell from which size on rclone is the better carrier, and what a small machine does. */
const byName: readonly Subject[] = [drover(1, ' by rclone'), drover(1, ' direct'), drover(1, ' in 2 GiB')];
const mostSeconds = 600;

/**
 * Workers side by side with `rclone copy` and peers, on the same servers. Subjects take turns, round by round, and
 * each row is the median of its rounds; a subject that cannot do the job, or fails, has a row that says so.
 */
export async function transfer(say: (line: string) => void, options: TransferOptions): Promise<Row[]> {
  const rclone = await findRclone({ say });
  const cases = transferCases(options.quick).filter(({ name, onlyByName }) =>
    options.cases.length === 0 ? !onlyByName : options.cases.includes(name),
  );
  const rows: Row[] = [];
  for (const each of cases) rows.push(...(await measureCase(each, rclone, say, options)));
  return rows;
}

async function measureCase(
  each: TransferCase,
  rclone: string,
  say: (line: string) => void,
  options: TransferOptions,
): Promise<Row[]> {
  const source = await startStore('from-here', each.server);
  try {
    say(`${each.name}: writing ${each.sizes.length} objects ...`);
    const listed = await fill(source, each);
    await source.tell({ latencyMs: each.latencyMs });
    const rounds = new Map<string, Round[]>();
    const notes = new Map<string, string>();
    const named = [...subjects, ...byName].filter(({ name }) => options.subjects.includes(name));
    const chosen = options.subjects.length === 0 ? subjects : named;
    for (let round = 1; round <= options.rounds; round += 1) {
      for (const subject of startingAt(round - 1, chosen)) {
        const unable = notes.get(subject.name) ?? (await subject.unable());
        if (unable !== null) {
          notes.set(subject.name, unable);
          continue;
        }
        say(`${each.name}: ${subject.name}, round ${round} ...`);
        try {
          const measured = await runOnce(subject, each, source, listed, rclone);
          say(`${each.name}: ${subject.name}, round ${round}: ${measured.seconds.toFixed(2)} s`);
          rounds.set(subject.name, [...(rounds.get(subject.name) ?? []), measured]);
        } catch (error) {
          notes.set(subject.name, `failed: ${error instanceof Error ? error.message : String(error)}`);
        }
      }
    }
    return chosen.map(({ name }) => rowOf(each, name, rounds, notes.get(name)));
  } finally {
    await source.stop();
  }
}

/** One subject, once, into a new and empty destination. Throws when an object is missing there afterwards. */
async function runOnce(
  subject: Subject,
  { latencyMs, filesInFlight, server, tags = {} }: TransferCase,
  source: BenchStore,
  listed: readonly ObjectSummary[],
  rclone: string,
): Promise<Round> {
  const destination = await startStore('to-there', server);
  try {
    const before = [await source.tell({}), await destination.tell({ latencyMs })];
    const tagged = Object.keys(tags).length > 0;
    const job = { source, destination, listed, filesInFlight, tagged, mostSeconds, rclone };
    const measured = await subject.run(job);
    const after = [await source.tell({}), await destination.tell({ latencyMs: 0 })];
    const [earlier, later] = [before, after].map((sides) =>
      sides.some((counts) => counts === null)
        ? null
        : sides.reduce((sum, counts) => sum + total(counts ?? {}), 0),
    );
    const client = clientOf(destination);
    const arrived = new Map((await listAll(client)).map(({ key, sizeBytes }) => [key, sizeBytes]));
    const one = listed[Math.floor(listed.length / 2)]?.key ?? '';
    if (subject.copiesTags === true && JSON.stringify(await client.tags(one)) !== JSON.stringify(tags))
      throw new Error(`${one} did not arrive with its tags`);
    client.close();
    const missing = listed.filter(({ key, sizeBytes }) => arrived.get(key) !== sizeBytes).length;
    if (missing > 0) throw new Error(`${missing} of ${listed.length} objects did not arrive whole`);
    const isCounted = earlier != null && later != null;
    return { ...measured, requestsPerObject: isCounted ? (later - earlier) / listed.length : null };
  } finally {
    await destination.stop();
  }
}

function rowOf(
  { name, sizes, filesInFlight }: TransferCase,
  subject: string,
  rounds: ReadonlyMap<string, readonly Round[]>,
  note: string | undefined,
): Row {
  const ours = rounds.get(subject) ?? [];
  const row: Row = { bench: 'transfer', case: name, subject, objects: sizes.length, filesInFlight };
  if (ours.length === 0) return { ...row, note: note ?? 'not measured' };
  const bytes = sizes.reduce((sum, each) => sum + each, 0);
  const seconds = median(ours.map((each) => each.seconds));
  const queue = ours.flatMap(({ queueRequests, outcomeFiles }) =>
    queueRequests === undefined ? [] : [(queueRequests + (outcomeFiles ?? 0)) / sizes.length],
  );
  const requests = ours.flatMap(({ requestsPerObject }) => requestsPerObject ?? []);
  // Each round against the rclone copy of the same round: what else the machine does weighs on both.
  const ratios = (rounds.get(rcloneCopy.name) ?? []).flatMap((theirs, round) => {
    const same = ours[round];
    return same === undefined ? [] : [theirs.seconds / same.seconds];
  });
  return {
    ...row,
    rounds: ours.length,
    objectsPerSecond: round(sizes.length / seconds, 1),
    megabytesPerSecond: round(bytes / 1e6 / seconds, 1),
    requestsPerObject: requests.length === 0 ? '' : round(median(requests), 3),
    queueAndLogPerObject: queue.length === 0 ? '' : round(median(queue), 4),
    cpuSecondsPerGB: round(median(ours.map(({ cpuSeconds }) => cpuSeconds)) / (bytes / 1e9), 2),
    peakMiB: Math.round(median(ours.map(({ peakMiB }) => peakMiB))),
    toRcloneCopy: ratios.length === 0 ? '' : round(median(ratios), 2),
    note: note ?? '',
  };
}

/** Whoever goes first finds the disk quiet: each round begins with another subject. */
function startingAt<Each>(place: number, all: readonly Each[]): Each[] {
  const first = place % Math.max(1, all.length);
  return [...all.slice(first), ...all.slice(0, first)];
}

function total(requests: Readonly<Record<string, number>>): number {
  return Object.values(requests).reduce((sum, each) => sum + each, 0);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [below = 0, above = 0] = [sorted[middle - 1], sorted[middle]];
  return sorted.length % 2 === 1 ? above : (below + above) / 2;
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
