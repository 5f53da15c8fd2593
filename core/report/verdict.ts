import { textFromBytes } from '../byte-size.ts';
import { countText, objectsText, reportedTotal } from './figures.ts';
import { adviceOnError } from './phrases.ts';
import type { Report } from './report.ts';

/** The verdict in words: one headline, what it means, and what to do next (null = nothing). */
export type Verdict = {
  tone: 'success' | 'attention' | 'failure';
  label: string;
  headline: string;
  meaning: string;
  next: string | null;
};

/** Objects that the request selected and that are at the destination now. */
export const arrivedObjects = (report: Report) =>
  report.outcomes.copied.objects + report.outcomes.unchanged.objects;

const selectedObjects = (report: Report) => report.listed.objects - report.outcomes.excluded.objects;

function meaningOf(report: Report): string {
  const { copied, unchanged, excluded } = report.outcomes;
  const parts: string[] = [];
  if (copied.objects > 0) {
    parts.push(
      `${objectsText(copied.objects)} (${textFromBytes(copied.bytes)}) ${copied.objects === 1 ? 'was' : 'were'} copied`,
    );
  }
  if (unchanged.objects > 0) {
    const was = unchanged.objects === 1 ? 'was' : 'were';
    parts.push(`${countText(unchanged.objects)} ${was} already at the destination`);
  }
  if (excluded.objects > 0) {
    const are = excluded.objects === 1 ? 'is' : 'are';
    parts.push(`${countText(excluded.objects)} ${are} excluded by the request`);
  }
  if (parts.length === 0) return 'Nothing had to be copied.';
  const last = parts.pop();
  return parts.length === 0 ? `${last}.` : `${parts.join(', ')} and ${last}.`;
}

function successHeadline(report: Report): string {
  const selected = selectedObjects(report);
  const arrived = arrivedObjects(report);
  if (report.listed.objects === 0) return 'Nothing to migrate: the source listing shows no object';
  if (selected === 0) {
    return `Nothing to migrate: the request excludes ${report.listed.objects === 1 ? 'the one listed object' : `all ${objectsText(selected + report.outcomes.excluded.objects)} listed`}`;
  }
  if (arrived !== selected) return `${countText(arrived)} of ${objectsText(selected)} arrived`;
  const all = selected === 1 ? 'The one object' : `Every one of ${objectsText(selected)}`;
  if (report.verification.kept > 0) return `${all} is at the destination`;
  return report.outcomes.copied.objects === 0 ? `${all} was already in place` : `${all} arrived`;
}

function failure(report: Report): Verdict {
  const name = report.error?.name ?? 'unknown error';
  const state = report.error?.state;
  const message = report.error?.message ?? 'The report names no cause.';
  const reported = reportedTotal(report.throughput);
  const before =
    reported.objects > 0
      ? ` Before it failed, workers reported ${objectsText(reported.objects)} (${textFromBytes(reported.bytes)}) as copied; they stay at the destination.`
      : '';
  return {
    tone: 'failure',
    label: 'Failed',
    headline: `The migration failed${state === undefined ? '' : ` in ${state}`}: ${name}`,
    meaning: message,
    next: `${adviceOnError(name)}${before}`,
  };
}

/** Says how a migration ended, in the words for a person who reads nothing else. */
export function verdictOf(report: Report): Verdict {
  if (report.status === 'FAILED') return failure(report);
  if (report.status === 'SUCCEEDED') {
    return {
      tone: 'success',
      label: 'Succeeded',
      headline: successHeadline(report),
      meaning: meaningOf(report),
      next: null,
    };
  }
  const exceptions = report.outcomes.exception.objects;
  const need = `${countText(exceptions)} ${exceptions === 1 ? 'needs' : 'need'} a decision`;
  return {
    tone: 'attention',
    label: 'Finished with exceptions',
    headline: `${countText(arrivedObjects(report))} of ${objectsText(selectedObjects(report))} arrived; ${need}`,
    meaning: meaningOf(report),
    next: 'Follow the advice given for each kind of exception, then run the same migration again.',
  };
}
