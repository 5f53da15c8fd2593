import process from 'node:process';

const deadly = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Calls `restore` when the process ends before the returned function was called: on exit, and on a signal that
 * nobody else handles (which then ends the process as it would have). A signal that somebody handles is theirs.
 */
export function restoreOnExit(restore: () => void): () => void {
  const onSignal = (signal: NodeJS.Signals) => {
    if (process.listenerCount(signal) > 1) return;
    forget();
    restore();
    process.kill(process.pid, signal);
  };
  const forget = () => {
    process.off('exit', restore);
    for (const signal of deadly) process.off(signal, onSignal);
  };
  process.on('exit', restore);
  // First in the row: a `once` listener of somebody else still counts then.
  for (const signal of deadly) process.prependListener(signal, onSignal);
  return forget;
}
