import type { Writable } from 'node:stream';
import type { WriteStream } from 'node:tty';
import { visibleText } from '../../core/report/visible.ts';
import { fitRows, repaint, showCursor } from './block.ts';
import { type Pace, paceOf, type Sample, slide } from './estimate.ts';
import { frame, type PacedSnapshot } from './frame.ts';
import { nothingWritten, plainLines } from './plain-lines.ts';
import { restoreOnExit } from './restore-on-exit.ts';
import type { ProgressSnapshot } from './snapshot.ts';

/** Where progress is shown, and how. `columns` is asked at each frame, so a resize is followed. */
export type ProgressScreen = {
  stream: WriteStream | Writable;
  terminal: boolean;
  columns: () => number;
  colour: boolean;
};

/** Live progress. `say` adds a line that stays; `close` leaves the last picture and gives the cursor back. */
export type Progress = {
  update(snapshot: ProgressSnapshot): void;
  say(line: string): void;
  close(): void;
};

/** Ten frames a second at most: more cannot be read, and a slow link would fall behind. */
const frameMs = 100;

/** The pace over the window that ends with the snapshots shown so far. */
function paceKeeper(): (snapshot: ProgressSnapshot) => Pace {
  let samples: Sample[] = [];
  return (snapshot) => {
    samples = slide(samples, { atMs: snapshot.nowMs, copied: snapshot.copied });
    return paceOf(samples, snapshot);
  };
}

/** A line of the caller, with every control character escaped but the colours it may hold. */
function saidLine(line: string, colour: boolean): string {
  return line
    .split(/(\x1b\[[\d;]*m)/)
    .map((part, at) => (at % 2 === 0 ? visibleText(part) : colour ? part : ''))
    .join('');
}

function onTerminal({ stream, columns, colour }: ProgressScreen): Progress {
  const keepPace = paceKeeper();
  let painted: readonly string[] = [];
  let paintedColumns = columns();
  let paintedAtMs = Number.NEGATIVE_INFINITY;
  let latest: PacedSnapshot | null = null;
  let closed = false;
  const forgetExit = restoreOnExit(() => stream.write(showCursor));
  const rows = () => ('rows' in stream && stream.rows > 0 ? stream.rows : Number.POSITIVE_INFINITY);
  const paint = (said: readonly string[]) => {
    const width = columns();
    const lines = latest === null ? [] : fitRows(frame(latest, width, colour), rows());
    stream.write(repaint(painted, lines, said, width, width !== paintedColumns));
    painted = lines;
    paintedColumns = width;
    paintedAtMs = latest?.nowMs ?? paintedAtMs;
  };
  return {
    update(snapshot) {
      if (closed) return;
      latest = { ...snapshot, pace: keepPace(snapshot) };
      if (snapshot.nowMs - paintedAtMs >= frameMs) paint([]);
    },
    say(line) {
      const said = line.split('\n').map((part) => saidLine(part, colour));
      if (closed) stream.write(said.map((part) => `${part}\n`).join(''));
      else paint(said);
    },
    close() {
      if (closed) return;
      closed = true;
      if (latest !== null) paint([]);
      stream.write(showCursor);
      forgetExit();
    },
  };
}

function inLog({ stream, colour }: ProgressScreen): Progress {
  const keepPace = paceKeeper();
  let written = nothingWritten;
  let latest: PacedSnapshot | null = null;
  let closed = false;
  const write = (lines: readonly string[]) => {
    if (lines.length > 0) stream.write(lines.map((line) => `${line}\n`).join(''));
  };
  const add = (snapshot: PacedSnapshot) => {
    const added = plainLines(snapshot, written);
    written = added.written;
    write(added.lines);
  };
  return {
    update(snapshot) {
      if (closed) return;
      latest = { ...snapshot, pace: keepPace(snapshot) };
      add(latest);
    },
    say(line) {
      write(line.split('\n').map((part) => saidLine(part, colour)));
    },
    close() {
      if (closed) return;
      closed = true;
      // The last figures are the ones a reader of the log looks for.
      if (latest !== null && written.figuresAtMs !== latest.nowMs) {
        written = { ...written, figuresAtMs: null };
        add(latest);
      }
    },
  };
}

/**
 * Opens live progress: on a terminal a small block repainted in place, elsewhere plain lines without control
 * codes. It has no clock of its own; everything it shows, and when, comes from the snapshots.
 */
export function openProgress(screen: ProgressScreen): Progress {
  return screen.terminal ? onTerminal(screen) : inLog(screen);
}
