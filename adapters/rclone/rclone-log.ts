import { z } from 'zod';

const LogLine = z.object({ level: z.string(), msg: z.string(), object: z.string().optional() });

/** What a line of rclone's JSON log means to us. */
export type RcloneLogLine =
  | { is: 'address'; port: number }
  | { is: 'message'; level: string; text: string }
  | { is: 'nothing' };

/**
 * Reads one line of `--use-json-log`. Lines about one object or one call are `nothing`: the call's own
 * answer says the same, and such lines hold keys and header values. A line that is no JSON is a crash
 * report of Go, and kept.
 */
export function readLogLine(line: string): RcloneLogLine {
  if (line.trim() === '') return { is: 'nothing' };
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    return { is: 'message', level: 'error', text: line };
  }
  const parsed = LogLine.safeParse(json);
  if (!parsed.success) return { is: 'nothing' };
  const { level, msg, object } = parsed.data;
  const address = /^Serving remote control on http:\/\/127\.0\.0\.1:(\d+)\//.exec(msg);
  if (address !== null) return { is: 'address', port: Number(address[1]) };
  if (object !== undefined || msg.startsWith('rc: ')) return { is: 'nothing' };
  return { is: 'message', level, text: msg };
}
