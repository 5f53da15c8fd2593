import type { RequestsBySide } from '../requests-made.ts';
import type { Remedy } from './failure-table.ts';
import type { ExceptionKind } from './outcome.ts';

/**
 * How one attempt at one object ended, and what is to happen next:
 * - `copied`: the destination confirmed the object.
 * - `exception`: no later attempt can do better; the key ends with this kind and reason.
 * - `retry`: a later attempt may heal it. `throttled`: the source or destination asks for fewer requests.
 * - `credential`: the credentials are refused; nothing of this migration can go on until they are mended.
 * - `blocked`: a side as a whole does not serve; nothing can go on until it does.
 * - `unfit`: the worker itself cannot go on; another one can.
 * - `handed-on`: nothing is left for this message to do; other messages carry the key, or another has ended it.
 * - `stopped`: the attempt was cut short because the worker stops; it does not count against the key.
 */
export type CopyResult = {
  carrier: 'rclone' | 'direct';
  requests: RequestsBySide;
  /** Bytes read from the source by this attempt. */
  sizeBytes: number;
} & (
  | { result: 'copied' }
  | { result: 'handed-on'; reason: string }
  | { result: 'exception'; kind: ExceptionKind; reason: string }
  | {
      result: Remedy | 'stopped';
      side: 'source' | 'destination' | 'unknown';
      reason: string;
    }
);

/** The result of a copy that the worker's end cut short before it began. */
export function stoppedResult(): CopyResult {
  const requests = { source: {}, destination: {} };
  const reason = 'the worker stops';
  return { carrier: 'rclone', requests, sizeBytes: 0, result: 'stopped', side: 'unknown', reason };
}
