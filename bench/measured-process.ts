import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** What one process took from start to end. */
export type Measured = {
  seconds: number;
  cpuSeconds: number;
  peakMiB: number;
  output: string;
  exitCode: number | null;
};

const sampleMs = 25;
/** Clock ticks of /proc/<pid>/stat in a second; 100 on every Linux that Node runs on. [src: proc(5), sysconf(_SC_CLK_TCK)] */
const ticksPerSecond = 100;

/**
 * Runs a program to its end and says what it took: CPU and peak memory are the kernel's own, read while it lives, of
 * the program itself and not of what it starts. Output is thrown away but for the last line.
 */
export function measure(
  command: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Measured> {
  const [program = '', ...rest] = command;
  const startedMs = performance.now();
  const child = spawn(program, rest, {
    env: { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let last = '';
  child.stdout.on('data', (chunk: Buffer) => {
    last = `${last}${chunk.subarray(-4000).toString()}`.slice(-4000);
  });
  let taken = { cpuSeconds: 0, peakMiB: 0 };
  const sampler = setInterval(() => {
    taken = sample(child) ?? taken;
  }, sampleMs);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode) => {
      clearInterval(sampler);
      const output = last.trimEnd().split('\n').at(-1) ?? '';
      resolve({ seconds: (performance.now() - startedMs) / 1000, ...taken, output, exitCode });
    });
  });
}

function sample({ pid }: ChildProcess): { cpuSeconds: number; peakMiB: number } | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ticks = Number(fields[11]) + Number(fields[12]);
    const peak = /^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    // A process that has ended and is not yet reaped has no memory any more.
    return peak === undefined ? null : { cpuSeconds: ticks / ticksPerSecond, peakMiB: Number(peak) / 1024 };
  } catch {
    return null;
  }
}
