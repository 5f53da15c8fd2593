import { spawn } from 'node:child_process';

/** Runs docker with these arguments, and this text on its standard input. Throws when it fails. */
export type RunDocker = (args: readonly string[], input?: string) => Promise<void>;

/** Runs the docker of this machine; what it says goes to standard error, as our own progress does. */
export const runDocker: RunDocker = (args, input = '') =>
  new Promise((resolve, reject) => {
    const child = spawn('docker', args, { stdio: ['pipe', process.stderr, process.stderr] });
    child.once('error', (error: NodeJS.ErrnoException) =>
      reject(new Error(error.code === 'ENOENT' ? 'docker is not on the PATH' : error.message)),
    );
    child.once('close', (code, signal) => {
      if (code === 0) resolve();
      else
        reject(new Error(`docker ${args.slice(0, 2).join(' ')} ended with ${signal ?? `exit code ${code}`}`));
    });
    // A docker that ends before it has read everything says why itself.
    child.stdin.on('error', () => undefined).end(input);
  });
