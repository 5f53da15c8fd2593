import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { access, constants, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve as resolvePath, sep } from 'node:path';
import { createInterface } from 'node:readline';
import type { RcAddress } from './rc-call.ts';
import { type RcloneTuning, rcdArguments, rcloneEnvironment } from './rclone-flags.ts';
import { readLogLine } from './rclone-log.ts';

/** One running `rclone rcd`. */
export type RcloneProcess = {
  address: RcAddress;
  pid: number;
  /** Resolves with a sentence when the process has ended, however it came to that. */
  ended: Promise<string>;
  kill(signal: 'SIGTERM' | 'SIGKILL'): void;
};

/** How to start rclone. */
export type RcloneStart = RcloneTuning & {
  /** Path of the rclone to run. */
  rclone: string;
  /**
   * Path of util-linux's `setpriv`; null = the one on the PATH. With it Linux kills rclone the moment we
   * die, even by SIGKILL; where there is none, only an ordinary end of ours takes rclone along.
   */
  setpriv: string | null;
  /** Our environment, of which a little is passed on. */
  environment: Readonly<Record<string, string | undefined>>;
  /** Called with each line of rclone's log that is about rclone itself. */
  onMessage(level: string, text: string): void;
};

const startSeconds = 30;
const mostMessages = 500;

/**
 * Starts rclone on a free port of the loopback interface, in a private empty home, with a password that
 * only its environment holds. Resolves when the port is open; throws an error that says what rclone said.
 */
export async function startRcloneProcess(start: RcloneStart): Promise<RcloneProcess> {
  const home = await mkdtemp(join(tmpdir(), 'drover-rclone-'));
  const user = 'drover';
  const password = randomBytes(24).toString('base64url');
  // Its working folder is another one than ours; a bare name is looked up on the PATH.
  const rclone = start.rclone.includes(sep) ? resolvePath(start.rclone) : start.rclone;
  const command = [rclone, ...rcdArguments(start)];
  const setpriv = start.setpriv ?? (await findSetpriv(start.environment.PATH ?? ''));
  if (setpriv !== null) command.unshift(setpriv, '--pdeathsig', 'KILL');
  const [program = rclone, ...rest] = command;
  const child = spawn(program, rest, {
    cwd: home,
    env: {
      ...rcloneEnvironment(start.environment, start),
      PATH: start.environment.PATH ?? '',
      HOME: home,
      RCLONE_RC_USER: user,
      RCLONE_RC_PASS: password,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const killWithUs = () => child.kill('SIGKILL');
  process.once('exit', killWithUs);
  const ended = untilEnd(child).then(async (sentence) => {
    process.off('exit', killWithUs);
    await rm(home, { recursive: true, force: true });
    return sentence;
  });
  const port = await listeningPort(child, ended, start.onMessage);
  return {
    address: { port, user, password },
    pid: child.pid ?? 0,
    ended,
    kill: (signal) => void child.kill(signal),
  };
}

async function findSetpriv(searchPath: string): Promise<string | null> {
  if (process.platform !== 'linux') return null;
  for (const folder of searchPath.split(delimiter)) {
    const path = join(folder, 'setpriv');
    const runs = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (folder !== '' && runs) return path;
  }
  return null;
}

function untilEnd(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(`rclone could not be started: ${error.message}`));
    child.once('exit', (code, signal) =>
      resolve(code === null ? `rclone was ended by ${signal}` : `rclone ended with exit code ${code}`),
    );
  });
}

async function listeningPort(
  child: ChildProcess,
  ended: Promise<string>,
  onMessage: RcloneStart['onMessage'],
): Promise<number> {
  const heard: string[] = [];
  let said = 0;
  let timer: NodeJS.Timeout | undefined;
  const opened = new Promise<number>((resolve) => {
    if (child.stderr === null) return;
    createInterface({ input: child.stderr }).on('line', (line) => {
      const read = readLogLine(line);
      if (read.is === 'address') resolve(read.port);
      // A crash of Go tells the state of every goroutine, in thousands of lines.
      if (read.is !== 'message' || said++ >= mostMessages) return;
      if (heard.length < 5) heard.push(read.text);
      onMessage(read.level, read.text);
    });
  });
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(
      () => resolve(`rclone did not open a port within ${startSeconds} s`),
      startSeconds * 1000,
    );
  });
  const first = await Promise.race([opened, ended, late]);
  clearTimeout(timer);
  if (typeof first === 'number') return first;
  child.kill('SIGKILL');
  throw new Error([first, ...heard].join('. '));
}
