import { expect, test } from 'vitest';
import * as errors from '../../../core/errors.ts';
import { adviceOnError } from '../../../core/report/phrases.ts';
import type { Report } from '../../../core/report/report.ts';
import { verdictOf } from '../../../core/report/verdict.ts';
import { sampleReport } from './sample-report.ts';

const tally = (objects: number) => ({ objects, bytes: objects * 10 });
const outcomes = (copied: number, unchanged = 0, excluded = 0, exception = 0): Partial<Report> => ({
  listed: tally(copied + unchanged + excluded + exception),
  outcomes: {
    copied: tally(copied),
    unchanged: tally(unchanged),
    excluded: tally(excluded),
    exception: tally(exception),
  },
});
const { verification } = sampleReport();

test.each<[string, Partial<Report>, string]>([
  ['all copied', outcomes(5), 'Every one of 5 objects arrived'],
  ['one copied', outcomes(1), 'The one object arrived'],
  ['all there before', outcomes(0, 5), 'Every one of 5 objects was already in place'],
  ['some excluded', outcomes(5, 0, 2), 'Every one of 5 objects arrived'],
  ['all excluded', outcomes(0, 0, 2), 'Nothing to migrate: the request excludes all 2 objects listed'],
  [
    'some kept unproven',
    { ...outcomes(5), verification: { ...verification, kept: 2 } },
    'Every one of 5 objects is at the destination',
  ],
  [
    'one exception',
    { ...outcomes(5, 1, 3, 1), status: 'FINISHED_WITH_EXCEPTIONS' },
    '6 of 7 objects arrived; 1 needs a decision',
  ],
])('%s', (_, changes, headline) => {
  expect(verdictOf(sampleReport(changes)).headline).toBe(headline);
});

test('a success that did not bring everything is not said to have', () => {
  expect(verdictOf(sampleReport(outcomes(5, 0, 0, 2))).headline).toBe('5 of 7 objects arrived');
});

test('every error that can end a migration has advice of its own', () => {
  const names = Object.values(errors)
    .filter((error) => error !== errors.MigrationError)
    .map((error) => error.name);
  expect(names.length).toBeGreaterThan(5);
  const advices = names.map(adviceOnError);
  expect(advices).not.toContain(adviceOnError('States.Timeout'));
  expect(adviceOnError('States.Timeout')).toContain('resumes where this one stopped');
});
