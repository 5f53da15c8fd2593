import { durationText } from '../../core/report/figures.ts';
import { visibleText } from '../../core/report/visible.ts';
import { cellsOf } from './cells.ts';
import { type Look, type Stretch, stretch } from './paint.ts';
import type { ProgressSnapshot, StateSeen } from './snapshot.ts';

type StateShown = { name: string; seconds: number; runs: number; running: boolean; failed: boolean };

const spinner = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

/** One entry a name, so that the block stays small when verification and drain repeat. */
function gather(states: readonly StateSeen[], nowMs: number): StateShown[] {
  const shown = new Map<string, StateShown>();
  for (const state of states) {
    const seconds = Math.max(0, (state.endedAtMs ?? nowMs) - state.startedAtMs) / 1000;
    const before = shown.get(state.name);
    shown.set(state.name, {
      name: visibleText(state.name),
      seconds: seconds + (before?.seconds ?? 0),
      runs: 1 + (before?.runs ?? 0),
      running: state.endedAtMs === null,
      failed: state.failed,
    });
  }
  return [...shown.values()];
}

function symbolOf(state: StateShown, nowMs: number): [string, Look] {
  if (state.failed) return ['✗', 'bad'];
  if (!state.running) return ['✓', 'good'];
  return [spinner[Math.floor(nowMs / 100) % spinner.length] ?? '⠋', 'busy'];
}

/** The states in the order they were first entered, as many on a line as fit: `Validate ✓ 0.1 s`. */
export function stateLines(snapshot: ProgressSnapshot, columns: number): Stretch[][] {
  const lines: Stretch[][] = [];
  let line: Stretch[] = [];
  let cells = 0;
  for (const state of gather(snapshot.states, snapshot.nowMs)) {
    const [symbol, look] = symbolOf(state, snapshot.nowMs);
    const took = `${durationText(state.seconds)}${state.runs > 1 ? ` ×${state.runs}` : ''}`;
    const entry = [
      stretch(state.name, state.running ? 'bold' : 'plain'),
      stretch(` ${symbol} `, look),
      stretch(took, 'dim'),
    ];
    const width = entry.reduce((sum, { text }) => sum + cellsOf(text), 0);
    if (line.length > 0 && cells + 3 + width > columns) {
      lines.push(line);
      line = [];
      cells = 0;
    }
    if (line.length > 0) line.push(stretch('   '));
    line.push(...entry);
    cells += width + (cells === 0 ? 0 : 3);
  }
  if (line.length > 0) lines.push(line);
  return lines;
}
