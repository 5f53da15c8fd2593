import { expect, test } from 'vitest';
import { addTally, ExceptionKind, exceptionAdvice, noObjects } from '../../../core/transfer/outcome.ts';

test('every kind of exception comes with advice of its own', () => {
  expect(Object.keys(exceptionAdvice)).toEqual(ExceptionKind.options);
  expect(new Set(Object.values(exceptionAdvice)).size).toBe(ExceptionKind.options.length);
});

test('tallies add up', () => {
  const tally = addTally({ objects: 1, bytes: 10 }, { objects: 2, bytes: 5 });
  expect(tally).toEqual({ objects: 3, bytes: 15 });
  expect(addTally(noObjects(), tally)).toEqual(tally);
});
