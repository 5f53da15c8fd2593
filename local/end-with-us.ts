import type { ChildProcess } from 'node:child_process';

/** Ends a server when this process ends, or before by `stop`, which resolves when it has ended. */
export function endWithUs(server: ChildProcess): { ended: Promise<void>; stop: () => Promise<void> } {
  const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()));
  const kill = (): void => void server.kill('SIGKILL');
  process.once('exit', kill);
  const stop = async (): Promise<void> => {
    process.off('exit', kill);
    kill();
    await ended;
  };
  return { ended, stop };
}
