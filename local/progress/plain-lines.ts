import { durationText } from '../../core/report/figures.ts';
import { visibleText } from '../../core/report/visible.ts';
import { figuresLine, type PacedSnapshot } from './frame.ts';
import type { StateSeen } from './snapshot.ts';

/** Seconds of snapshot time between two lines of figures. */
export const figuresEverySeconds = 5;

/** What has been written so far: states by their place in the list, the last notice and the last figures. */
export type Written = {
  entered: number;
  left: ReadonlySet<number>;
  notice: string | null;
  figuresAtMs: number | null;
};

/** The start, before any line. */
export const nothingWritten: Written = { entered: 0, left: new Set(), notice: null, figuresAtMs: null };

const clock = (atMs: number) => `${new Date(atMs).toISOString().slice(0, 19)}Z`;

function stateEvents(states: readonly StateSeen[], before: Written): { lines: string[]; left: Set<number> } {
  const left = new Set(before.left);
  const lines: string[] = [];
  states.forEach((state, at) => {
    const name = visibleText(state.name);
    if (at >= before.entered) lines.push(`${clock(state.startedAtMs)} state: ${name} entered`);
    if (state.endedAtMs !== null && !left.has(at)) {
      left.add(at);
      const took = durationText((state.endedAtMs - state.startedAtMs) / 1000);
      lines.push(
        `${clock(state.endedAtMs)} state: ${name} ${state.failed ? 'failed after' : 'done in'} ${took}`,
      );
    }
  });
  return { lines, left };
}

/** The lines that a snapshot adds to a log: states entered and left, a new notice, figures every five seconds. */
export function plainLines(snapshot: PacedSnapshot, before: Written): { lines: string[]; written: Written } {
  const { lines, left } = stateEvents(snapshot.states, before);
  const at = clock(snapshot.nowMs);
  if (snapshot.notice !== null && snapshot.notice !== before.notice) {
    lines.push(`${at} notice: ${visibleText(snapshot.notice)}`);
  }
  const due =
    before.figuresAtMs === null || snapshot.nowMs - before.figuresAtMs >= figuresEverySeconds * 1000;
  if (due) lines.push(`${at} progress: ${figuresLine(snapshot)}`);
  return {
    lines,
    written: {
      entered: snapshot.states.length,
      left,
      notice: snapshot.notice,
      figuresAtMs: due ? snapshot.nowMs : before.figuresAtMs,
    },
  };
}
