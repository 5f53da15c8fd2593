import { spawn } from 'node:child_process';
import { watchTree } from './process-tree.ts';
import type { Job, Measured } from './subject.ts';

/** Runs a command line tool to its end, `mostSeconds` at most. Throws with its last words when it fails. */
export async function runTool(
  program: string,
  parameters: readonly string[],
  environment: Readonly<Record<string, string>>,
  { mostSeconds }: Pick<Job, 'mostSeconds'>,
): Promise<Measured> {
  const startedAtMs = performance.now();
  const child = spawn(program, parameters, {
    env: { PATH: process.env.PATH ?? '', HOME: '/nonexistent', ...environment },
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: mostSeconds * 1000,
    killSignal: 'SIGKILL',
  });
  const watch = watchTree([child.pid ?? 0]);
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said = `${said}${chunk}`.slice(-500);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const seconds = (performance.now() - startedAtMs) / 1000;
  const usage = watch.end();
  if (code !== 0) throw new Error(`it ended with ${code ?? `a kill after ${mostSeconds} s`}: ${said}`);
  return { seconds, ...usage };
}
