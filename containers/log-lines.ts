import type { Log } from '../core/ports.ts';

/** Writes an event a line, as JSON, to standard output: to the container's log group, or to the local runner. */
export const logLines: Log = (event, fields = {}) => {
  process.stdout.write(`${JSON.stringify({ at: new Date().toISOString(), event, ...fields })}\n`);
};
