import { textFromBytes } from '../../core/byte-size.ts';
import { countText, durationText, objectsText } from '../../core/report/figures.ts';
import { visibleText } from '../../core/report/visible.ts';
import { cellsOf } from './cells.ts';
import type { Pace } from './estimate.ts';
import { paintLine, type Stretch, stretch } from './paint.ts';
import type { ProgressSnapshot } from './snapshot.ts';
import { stateLines } from './state-line.ts';
import { wrap } from './wrap.ts';

/** A snapshot with the pace of the window that ends with it. */
export type PacedSnapshot = ProgressSnapshot & { pace: Pace };

const labelCells = 11;
const label = (text: string) => stretch(text.padEnd(labelCells), 'dim');

/** Eighths of a cell: a bar that moves visibly even in a run of days. */
const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** A bar of `cells` cells. Full only when all of it is done, empty only when nothing is. */
function bar(done: number, whole: number, cells: number): Stretch[] {
  const share = whole > 0 ? Math.min(1, done / whole) : 0;
  const most = cells * 8 - (done < whole ? 1 : 0);
  const filled = Math.min(most, Math.max(done > 0 ? 1 : 0, Math.floor(share * cells * 8)));
  const full = '█'.repeat(Math.floor(filled / 8)) + (eighths[filled % 8] ?? '');
  return [stretch(full, 'busy'), stretch('·'.repeat(cells - cellsOf(full)), 'dim')];
}

/** A percentage that says 100 only when all is done. */
function percent(done: number, whole: number): string {
  if (whole === 0) return '     –';
  const share = done >= whole ? 100 : Math.min(99, Math.floor((done / whole) * 100));
  return `${share} %`.padStart(6);
}

function copiedLines(snapshot: PacedSnapshot, barCells: number): Stretch[][] {
  const { copied, toCopy } = snapshot;
  // Large objects dominate the time, so the bar is of bytes; objects of zero bytes leave only their number.
  const byBytes = toCopy.bytes > 0 && copied.objects < toCopy.objects;
  const done = byBytes ? copied.bytes : copied.objects;
  const whole = byBytes ? toCopy.bytes : toCopy.objects;
  const figures = `${countText(copied.objects)} of ${objectsText(toCopy.objects)}, ${textFromBytes(copied.bytes)} of ${textFromBytes(toCopy.bytes)}`;
  return [
    [label('Copied'), ...bar(done, whole, barCells), stretch(percent(done, whole), 'bold')],
    [label(''), stretch(figures)],
  ];
}

function rateText({ objectsPerSecond, bytesPerSecond }: Pace): string {
  if (objectsPerSecond === null || bytesPerSecond === null) return '–';
  const objects =
    objectsPerSecond < 9.95 ? objectsPerSecond.toFixed(1).replace(/\.0$/, '') : countText(objectsPerSecond);
  return `${objects} objects/s, ${textFromBytes(Math.round(bytesPerSecond))}/s`;
}

/** Nothing left to copy is no promise of an end: repairs may follow the verification. */
const leftText = ({ secondsLeft }: Pace) =>
  secondsLeft === null || secondsLeft === 0 ? '–' : durationText(Math.ceil(secondsLeft));

function troubleLine({ exceptions, retried }: ProgressSnapshot): Stretch[] {
  return [
    label('Trouble'),
    stretch(
      `${countText(exceptions)} ${exceptions === 1 ? 'exception' : 'exceptions'}`,
      exceptions > 0 ? 'warn' : 'plain',
    ),
    stretch(`, ${countText(retried)} retried`),
  ];
}

/** The notice on at most two lines, so that the block keeps its height. */
function noticeLines(notice: string | null, width: number): Stretch[][] {
  if (notice === null) return [];
  const [first = '', ...more] = wrap(visibleText(notice), width - labelCells);
  const rest = more.length > 0 ? [[label(''), stretch(more.join(' '), 'warn')]] : [];
  return [[label('Notice'), stretch(first, 'warn')], ...rest];
}

/**
 * The block that is repainted in place: states, figures, and the last notice. No line is wider than
 * `columns - 1` cells, because a terminal that filled its last column may wrap. Text from outside is escaped.
 */
export function frame(snapshot: PacedSnapshot, columns: number, colour: boolean): string[] {
  const width = Math.max(1, columns - 1);
  const { listed, unchanged, excluded, verified, toVerify, backlog, workers, pace, notice } = snapshot;
  const barCells = Math.max(8, Math.min(48, width - labelCells - 6));
  const beside = [
    ...(unchanged.objects > 0 ? [`${countText(unchanged.objects)} unchanged`] : []),
    ...(excluded.objects > 0 ? [`${countText(excluded.objects)} excluded`] : []),
  ];
  const waiting = backlog.visible + backlog.delayed;
  const lines: Stretch[][] = [
    [
      stretch('Drover ', 'bold'),
      stretch(visibleText(snapshot.migration)),
      stretch(
        `  ${durationText(Math.max(0, Math.floor((snapshot.nowMs - snapshot.startedAtMs) / 1000)))}`,
        'dim',
      ),
    ],
    ...stateLines(snapshot, width),
    [],
    [
      label('Listed'),
      stretch(`${objectsText(listed.objects)}, ${textFromBytes(listed.bytes)}`),
      stretch(beside.length > 0 ? ` (${beside.join(', ')})` : ''),
      stretch(snapshot.listingFinished ? '' : ' and counting', 'dim'),
    ],
    ...copiedLines(snapshot, barCells),
    [label('Verified'), ...bar(verified, toVerify, barCells), stretch(percent(verified, toVerify), 'bold')],
    [
      label(''),
      stretch(toVerify > 0 ? `${countText(verified)} of ${objectsText(toVerify)}` : 'after the copy'),
    ],
    [label('Rate'), stretch(rateText(pace))],
    [label('Time left'), stretch(leftText(pace))],
    [
      label('Queue'),
      stretch(`${countText(waiting)} waiting, ${countText(backlog.inFlight)} in flight`),
      stretch(` · ${countText(workers.running)} of ${countText(workers.desired)} workers`),
    ],
    troubleLine(snapshot),
    ...noticeLines(notice, width),
  ];
  return lines.map((line) => paintLine(line, width, colour));
}

/** The figures of a snapshot on one line of fixed words, for logs. */
export function figuresLine(snapshot: PacedSnapshot): string {
  const { listed, copied, toCopy, verified, toVerify, backlog, workers, pace } = snapshot;
  return [
    `listed ${listed.objects} objects ${textFromBytes(listed.bytes)}${snapshot.listingFinished ? '' : ' and counting'}`,
    `copied ${copied.objects}/${toCopy.objects} objects ${textFromBytes(copied.bytes)}/${textFromBytes(toCopy.bytes)}`,
    `verified ${verified}/${toVerify}`,
    `rate ${rateText(pace)}`,
    `left ${leftText(pace)}`,
    `queue ${backlog.visible + backlog.delayed} waiting ${backlog.inFlight} in flight`,
    `workers ${workers.running}/${workers.desired}`,
    `exceptions ${snapshot.exceptions} retried ${snapshot.retried}`,
  ].join(', ');
}
