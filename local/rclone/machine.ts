import { spawn } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

/** How a program ended. */
export type Ran = { code: number | null; stdout: string; stderr: string };

/** What finding rclone needs of a machine; a test gives one of its own. */
export type Machine = {
  environment: Readonly<Record<string, string | undefined>>;
  platform: NodeJS.Platform;
  arch: NodeJS.Architecture;
  isRoot: boolean;
  /** Where this user's programs keep what can be fetched again. */
  cacheFolder: string;
  /** The program's path, or null. */
  which(name: string): Promise<string | null>;
  /** Runs a program to its end or kills it after so many seconds; rejects when it cannot be started. */
  run(program: string, args: readonly string[], options: { seconds: number; cwd?: string }): Promise<Ran>;
  /** The body of a GET; throws when the status is not 200 or the time is over. */
  fetch(url: string, seconds: number): Promise<Buffer>;
};

/** This machine. */
export function thisMachine(): Machine {
  const environment = process.env;
  return {
    environment,
    platform: process.platform,
    arch: process.arch,
    isRoot: process.getuid?.() === 0,
    cacheFolder: environment.XDG_CACHE_HOME || join(homedir(), '.cache'),
    which: (name) => which(name, environment.PATH ?? ''),
    run,
    async fetch(url, seconds) {
      const answer = await fetch(url, { signal: AbortSignal.timeout(seconds * 1000) });
      if (!answer.ok) throw new Error(`${url} answers ${answer.status}`);
      return Buffer.from(await answer.arrayBuffer());
    },
  };
}

/** The first executable file of that name in a search path, or null. */
export async function which(name: string, searchPath: string): Promise<string | null> {
  for (const folder of searchPath.split(delimiter)) {
    const path = join(folder, name);
    if (
      folder !== '' &&
      (await access(path, constants.X_OK).then(
        () => true,
        () => false,
      ))
    )
      return path;
  }
  return null;
}

const mostOutput = 64 * 1024;

function run(
  program: string,
  args: readonly string[],
  options: { seconds: number; cwd?: string },
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: options.seconds * 1000,
      killSignal: 'SIGKILL',
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    const text = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].setEncoding('utf8').on('data', (chunk: string) => {
        text[stream] = (text[stream] + chunk).slice(-mostOutput);
      });
    }
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, ...text }));
  });
}
