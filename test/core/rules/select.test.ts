import { expect, test } from 'vitest';
import type { ObjectSummary } from '../../../core/inventory/inventory-row.ts';
import { compileSelect } from '../../../core/rules/select.ts';
import { anObject, aRequest } from '../../support/builders.ts';

const noon = '2026-01-31T12:00:00Z';
const noonMs = Date.parse(noon);

test.each<[string, object, Partial<ObjectSummary>, string | null]>([
  ['everything is selected by default', {}, { sizeBytes: 0 }, null],
  ['an object of exactly the least size is', { minBytes: 5 }, { sizeBytes: 5 }, null],
  ['a smaller one is not', { minBytes: 5 }, { sizeBytes: 4 }, 'smaller than select.minBytes (5)'],
  ['an object of exactly the greatest size is', { maxBytes: 5 }, { sizeBytes: 5 }, null],
  ['a larger one is not', { maxBytes: 5 }, { sizeBytes: 6 }, 'larger than select.maxBytes (5)'],
  ['only empty objects are, where that is asked', { maxBytes: 0 }, { sizeBytes: 0 }, null],
  [
    'an object of exactly the first moment is not',
    { modifiedAfter: noon },
    { modifiedAtMs: noonMs },
    'not modified after select.modifiedAfter',
  ],
  ['one of a millisecond later is', { modifiedAfter: noon }, { modifiedAtMs: noonMs + 1 }, null],
  [
    'an object of exactly the last moment is not',
    { modifiedBefore: noon },
    { modifiedAtMs: noonMs },
    'not modified before select.modifiedBefore',
  ],
  ['one of a millisecond before is', { modifiedBefore: noon }, { modifiedAtMs: noonMs - 1 }, null],
  ['a key that one of several patterns includes is', { include: ['x/**', '*/b'] }, { key: 'a/b' }, null],
  [
    'a key that no pattern includes is not',
    { include: ['x/**', '*/c'] },
    { key: 'a/b' },
    'matches no pattern of select.include',
  ],
  [
    'a key that is included and excluded is not',
    { include: ['a/**'], exclude: ['x', '**/b', 'a/*'] },
    { key: 'a/b' },
    'matches select.exclude "**/b"',
  ],
])('%s', (_, select, object, reason) => {
  const selection = compileSelect(aRequest({ select }).select);
  expect(selection(anObject('a/b', object))).toBe(reason);
});
