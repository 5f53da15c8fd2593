import { textFromBytes } from '../../core/byte-size.ts';
import {
  byteRateText,
  countText,
  durationText,
  objectRateText,
  reportedTotal,
} from '../../core/report/figures.ts';
import { explainKind } from '../../core/report/phrases.ts';
import { contradictions, proofSentences } from '../../core/report/proof.ts';
import type { Report } from '../../core/report/report.ts';
import { type Verdict, verdictOf } from '../../core/report/verdict.ts';
import { keyText, visibleText } from '../../core/report/visible.ts';
import { type Look, painted } from './paint.ts';
import { wrap } from './wrap.ts';

/** Exceptions that stand in the summary; the report has a hundred, the exceptions file all. */
const shownExceptions = 5;
const columns = 88;

const looks: Readonly<Record<Verdict['tone'], Look>> = { success: 'good', attention: 'warn', failure: 'bad' };
const symbols: Readonly<Record<Verdict['tone'], string>> = { success: '✓', attention: '!', failure: '✗' };

const indented = (text: string, indent: string) =>
  wrap(text, columns - indent.length).map((line) => indent + line);

/** A sentence as an item of a list, its further lines under its first word. */
const item = (text: string) => wrap(text, columns - 4).map((line, at) => (at === 0 ? '  · ' : '    ') + line);

function outcomeLines(report: Report): string[] {
  if (report.status === 'FAILED') return [];
  const { copied, unchanged, excluded, exception } = report.outcomes;
  const rows = [
    ['Copied', copied],
    ['Unchanged', unchanged],
    ['Excluded', excluded],
    ['Exceptions', exception],
    ['Listed', report.listed],
  ] as const;
  const width = Math.max(...rows.map(([, { objects }]) => countText(objects).length));
  return rows.map(
    ([name, { objects, bytes }]) =>
      `  ${name.padEnd(12)}${countText(objects).padStart(width)}  ${textFromBytes(bytes).padStart(8)}`,
  );
}

function exceptionLines(report: Report, colour: boolean): string[] {
  const shown = report.exceptions.slice(0, shownExceptions);
  const lines: string[] = [];
  for (const [kind, objects] of Map.groupBy(shown, (exception) => exception.kind)) {
    const { title, advice } = explainKind(kind);
    const count = report.exceptionKinds[kind] ?? objects.length;
    lines.push(
      '',
      `  ${painted(`${title} (${countText(count)})`, 'warn', colour)}`,
      ...indented(advice, '  '),
    );
    for (const { key, reason } of objects) {
      lines.push(`    ${keyText(key)}`, ...indented(visibleText(reason), '      '));
    }
  }
  const rest = report.outcomes.exception.objects - shown.length;
  if (rest > 0) lines.push('', `  and ${countText(rest)} more`);
  if (report.exceptionsFile !== null) {
    lines.push('', `  All exceptions  ${visibleText(report.exceptionsFile)}`);
  }
  return lines;
}

/**
 * The closing lines of a run: the verdict first, then what was copied, what was proven and how, the first few
 * exceptions with advice, time and rate, and where the report is. Ends with a line feed.
 */
export function summarise(report: Report, addresses: { html: string; json: string }, colour = false): string {
  const verdict = verdictOf(report);
  const copied = report.status === 'FAILED' ? reportedTotal(report.throughput) : report.outcomes.copied;
  const rate =
    copied.objects > 0
      ? `, ${byteRateText(copied.bytes, report.seconds)} and ${objectRateText(copied.objects, report.seconds)} on average`
      : '';
  const meaning = report.status === 'FAILED' ? verdict.meaning.split('\n') : [];
  return [
    painted(`${symbols[verdict.tone]} ${visibleText(verdict.headline)}`, looks[verdict.tone], colour),
    ...meaning.flatMap((line) => indented(visibleText(line), '  ')),
    ...(verdict.next === null ? [] : indented(verdict.next, '  ')),
    ...contradictions(report).flatMap((line) => indented(`Do not rely on this report. ${line}`, '  ')),
    '',
    ...outcomeLines(report),
    ...(report.status === 'FAILED' ? [] : ['']),
    ...proofSentences(report).flatMap(item),
    ...exceptionLines(report, colour),
    '',
    `  Took    ${durationText(report.seconds)}${rate}`,
    `  Report  ${visibleText(addresses.html)}`,
    `          ${visibleText(addresses.json)}`,
    '',
  ].join('\n');
}
