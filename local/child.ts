import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { z } from 'zod';

/** A line that a lister or worker wrote about itself. */
export const LogLine = z.looseObject({ at: z.string(), event: z.string() });
export type LogLine = z.infer<typeof LogLine>;

export type Child = {
  pid: number;
  /** Resolves when the process has ended, and everything that it started with it. */
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** Asks the process to stop; it finishes what it can. */
  stop(): void;
  /** Ends the process and what it started at once. */
  kill(): void;
};

/**
 * Bounded young and old space: V8 otherwise lets garbage pile up to a share of the machine's memory, so that
 * a process grows with the work it has done although it holds nothing of it. Measured by `npm run bench -- memory`. The
 * last one lets old space, with the buffers that hang on it, grow fourfold between two collections of it: V8 takes the
 * buffers of answers for growth, and a listing otherwise spends a third of its CPU there. The images start their
 * containers with the same three.
 */
export const nodeFlags = [
  '--max-semi-space-size=16',
  '--max-old-space-size=256',
  '--heap-growing-percent=300',
  '--disable-warning=ExperimentalWarning',
];

/**
 * Starts one of our containers as a process of this machine, in a process group of its own, so that Ctrl-C reaches
 * only us and nothing it started outlives it. It ends by itself when we die: it watches its standard input.
 * What it logs goes to `logFile` and, parsed, to `onLine`.
 */
export function startChild(
  module: string,
  environment: Readonly<Record<string, string>>,
  logFile: string,
  onLine: (line: LogLine) => void,
): Child {
  const script = new URL(`../containers/${module}/main.ts`, import.meta.url).pathname;
  const child = spawn(process.execPath, [...nodeFlags, script], {
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...environment, WATCH_PARENT: '1' },
  });
  const log = createWriteStream(logFile, { flags: 'a' });
  child.stderr.pipe(log, { end: false });
  createInterface({ input: child.stdout }).on('line', (line) => {
    log.write(`${line}\n`);
    const parsed = parseLine(line);
    if (parsed !== null) onLine(parsed);
  });
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('error', () => resolve({ code: 127, signal: null }));
    child.once('close', (code, signal) => {
      log.end();
      killGroup(child);
      resolve({ code, signal });
    });
    child.once('exit', () => killGroup(child));
  });
  return { pid: child.pid ?? 0, ended, stop: () => void child.kill('SIGTERM'), kill: () => killGroup(child) };
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The group is gone already.
  }
}

function parseLine(line: string): LogLine | null {
  try {
    return LogLine.parse(JSON.parse(line));
  } catch {
    return null;
  }
}
