import type { HistoryEvent } from '@aws-sdk/client-sfn';
import type { StatePassed } from '../../core/ports.ts';

/**
 * Reads events of an execution in their order and keeps the Task and Map states that were passed. Items of a
 * Map are left out: those of a distributed one are executions of their own. `failed`: the last try before the
 * state was left had failed, so that a Catch took it. A state without an exit has no end: it still runs.
 * [src: AWS Step Functions API reference, HistoryEvent; event sequences recorded from AWS]
 */
export function followStates(): { take(event: HistoryEvent): void; states: StatePassed[] } {
  const states: StatePassed[] = [];
  let open: StatePassed | null = null;
  return {
    states,
    take({ type = '', timestamp, stateEnteredEventDetails, stateExitedEventDetails }) {
      const atMs = timestamp?.getTime() ?? 0;
      if (/^(Task|Map)StateEntered$/.test(type)) {
        open = {
          name: stateEnteredEventDetails?.name ?? '',
          startedAtMs: atMs,
          endedAtMs: null,
          failed: false,
        };
        states.push(open);
      } else if (open === null) {
        return;
      } else if (/^(Task|Map)StateExited$/.test(type) && stateExitedEventDetails?.name === open.name) {
        open.endedAtMs = atMs;
        open = null;
      } else if (/^MapIteration/.test(type)) {
        return;
      } else if (/(Failed|TimedOut|Aborted)$/.test(type)) {
        open.failed = true;
      } else if (/(Scheduled|Succeeded)$/.test(type)) {
        open.failed = false;
      }
    },
  };
}
