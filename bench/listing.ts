import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { type Subject, subjectsFor } from './listing-subjects.ts';
import { measure } from './measured-process.ts';
import type { Row } from './rows.ts';
import { startServerProcess } from './transfer/server-process.ts';

const here = (file: string): string => new URL(file, import.meta.url).pathname;
const pageKeys = 1000;
/** Linux's file system in memory: what a disk takes to flush is not in the figures then. [src: shm_overview(7)] */
const memoryFolder = '/dev/shm';

/** What our own and the serial listing print at their end; peers print keys. */
const Told = z.looseObject({
  objects: z.number(),
  pages: z.number(),
  cpuSeconds: z.number(),
  seconds: z.number(),
  emptyProbes: z.number().optional(),
  shards: z.number().optional(),
});

type Case = {
  name: string;
  distribution: string;
  objects: number;
  latencyMs: number;
  subjects: readonly string[] | null;
};

/**
 * How fast a bucket is listed, side by side on one server: by our lister (inventory, checkpoints and batches included),
 * by the plain loop over the SDK, by rclone and by s5cmd. `--quick`: a tenth of the keys. `--case TEXT`: only cases of that name.
 */
export async function listing(
  say: (line: string) => void,
  {
    cases: named,
    subjects,
    quick,
  }: { cases: readonly string[]; subjects: readonly string[]; quick: boolean },
): Promise<Row[]> {
  const objects = quick ? 100_000 : 1_000_000;
  const cases: Case[] = [];
  for (const distribution of ['flat', 'deep'])
    for (const latencyMs of [0, 20, 100])
      cases.push({
        name: `${distribution} ${objects} keys, ${latencyMs} ms a page`,
        distribution,
        objects,
        latencyMs,
        subjects: null,
      });
  for (const distribution of ['hot', 'timestamps', 'uuid', 'astral', 'unicode'])
    cases.push({
      name: `${distribution} ${objects} keys, 20 ms a page`,
      distribution,
      objects,
      latencyMs: 20,
      subjects: ['drover'],
    });
  // Ten times the keys show what is left when the first second, until all ranges are open, weighs little.
  for (const distribution of ['flat', 'deep'])
    cases.push({
      name: `${distribution} ${10 * objects} keys, 100 ms a page`,
      distribution,
      objects: 10 * objects,
      latencyMs: 100,
      subjects: ['drover'],
    });
  // Beside the first case, these show what memory does as keys grow.
  for (const other of [10_000, 200_000, 100 * objects])
    cases.push({
      name: `flat ${other} keys, 0 ms a page`,
      distribution: 'flat',
      objects: other,
      latencyMs: 0,
      subjects: ['drover'],
    });
  // Job stores are deleted in the end: ext4 without a journal looks at every file that was deleted in the last minutes before it
  // makes a new one, so that each subject would pay for those before it. [src: Linux, fs/ext4/ialloc.c, recently_deleted]
  const folders = { onDisk: await newFolder(tmpdir()), inMemory: await newFolder(memoryFolder) };
  const rows: Row[] = [];
  try {
    for (const each of cases) {
      if (named.length > 0 && !named.some((part) => each.name.includes(part))) continue;
      rows.push(...(await runCase(each, subjects, folders, say)));
    }
    return rows;
  } finally {
    for (const folder of Object.values(folders)) await rm(folder, { recursive: true });
  }
}

const newFolder = (place: string): Promise<string> => mkdtemp(join(place, 'bench-'));

async function runCase(
  { name, distribution, objects, latencyMs, subjects }: Case,
  wanted: readonly string[],
  folders: { onDisk: string; inMemory: string },
  say: (line: string) => void,
): Promise<Row[]> {
  const server = await startServer(distribution, objects, latencyMs);
  const queue = startServerProcess('queue-process');
  const { queueUrl } = z.looseObject({ queueUrl: z.string() }).parse(await queue.next());
  try {
    const rows: Row[] = [];
    let serial: { keysPerSecond: number; cpuMicros: number } | null = null;
    for (const subject of await subjectsFor({ endpoint: server.endpoint, queueUrl }, say)) {
      if (subjects !== null && !subjects.includes(subject.name)) continue;
      if (wanted.length > 0 && !wanted.includes(subject.name)) continue;
      say(`${name}: ${subject.name} ...`);
      const place = { TMPDIR: subject.inMemory ? folders.inMemory : folders.onDisk };
      const figures = await runSubject(subject, { ...subject.environment, ...place }, objects);
      // Told at once: who stops a long run keeps what it has measured.
      if (figures !== null) {
        const { keysPerSecond, cpuMicros } = figures;
        say(
          `${name}: ${subject.name}: ${Math.round(keysPerSecond)} keys/s, ${cpuMicros.toFixed(2)} us CPU a key`,
        );
      }
      if (subject.name === 'serial SDK loop' && figures !== null) serial = figures;
      rows.push(
        figures === null
          ? { bench: 'listing', case: name, subject: subject.name, keysPerSecond: 'not here' }
          : {
              bench: 'listing',
              case: name,
              subject: subject.name,
              keysPerSecond: Math.round(figures.keysPerSecond),
              timesSerial: serial === null ? '' : (figures.keysPerSecond / serial.keysPerSecond).toFixed(1),
              cpuMicrosPerKey: figures.cpuMicros.toFixed(2),
              cpuOfSerial: serial === null ? '' : (figures.cpuMicros / serial.cpuMicros).toFixed(2),
              peakMiB: Math.round(figures.peakMiB),
              ...figures.pages,
            },
      );
    }
    return rows;
  } finally {
    server.stop();
    await queue.stop();
  }
}

async function runSubject({ command }: Subject, environment: Record<string, string>, objects: number) {
  if (command === null) return null;
  const measured = await measure(command, environment);
  if (measured.exitCode !== 0) throw new Error(`${command.join(' ')} ended with ${measured.exitCode}`);
  const told = measured.output.startsWith('{') ? Told.parse(JSON.parse(measured.output)) : null;
  if (told !== null && told.objects !== objects)
    throw new Error(`${command.join(' ')} listed ${told.objects} keys`);
  const { seconds, cpuSeconds } = told ?? measured;
  const fewest = Math.ceil(objects / pageKeys);
  return {
    keysPerSecond: objects / seconds,
    cpuMicros: (cpuSeconds * 1e6) / objects,
    peakMiB: measured.peakMiB,
    pages:
      told === null
        ? {}
        : {
            pages: told.pages,
            emptyProbesPercent: ((100 * (told.emptyProbes ?? 0)) / told.pages).toFixed(1),
            beyondFewestPercent: ((100 * (told.pages - fewest)) / fewest).toFixed(1),
            ...(told.shards === undefined ? {} : { shards: told.shards }),
          },
  };
}

async function startServer(distribution: string, objects: number, latencyMs: number) {
  const generated = (name: string) => ['--generated', `${name}=${distribution}:${objects}`];
  const child = spawn(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      here('../local/s3-server/main.ts'),
      ...generated('big'),
      ...generated('copy'),
      ...['--bucket', 'empty', '--bucket', 'jobs', '--list-latency', String(latencyMs), '--with-parent'],
    ],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const line = await new Promise<string>((resolve) =>
    createInterface({ input: child.stdout }).once('line', resolve),
  );
  const { endpoint } = z.object({ endpoint: z.string() }).parse(JSON.parse(line));
  return { endpoint, stop: () => void child.kill() };
}
