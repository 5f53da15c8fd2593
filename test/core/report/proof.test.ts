import { expect, test } from 'vitest';
import { contradictions, proofSentences } from '../../../core/report/proof.ts';
import type { Report } from '../../../core/report/report.ts';
import { sampleReport, withExceptions } from './sample-report.ts';

const { verification } = sampleReport();
const proofOf = (changes: Partial<Report['verification']>) =>
  proofSentences(sampleReport({ verification: { ...verification, ...changes } })).join('\n');

test('a checksum is called a proof of size and MD5, with its share', () => {
  expect(proofOf({})).toContain('2,000 objects (93.3 %) proven by checksum');
});

test('size only says what it cannot show', () => {
  expect(proofOf({})).toMatch(/143 objects \(6\.7 %\) proven by size only.*would not be noticed/);
  expect(proofOf({ provenBySize: 0, provenByChecksum: 2143 })).not.toContain('size only');
});

test('content is claimed for the sample only', () => {
  expect(proofOf({ provenByContent: 21, provenBySize: 122 })).toContain(
    '21 objects (1.0 %) proven by content: the sample was read on both sides',
  );
  expect(proofOf({})).not.toContain('byte for byte');
});

test('kept objects are present, not proven', () => {
  expect(proofOf({ kept: 5 })).toContain('5 objects are present but not proven equal');
});

test('what is missing, different or extra at the end is said', () => {
  expect(proofOf({ missing: 1, different: 2, extra: 7 })).toContain(
    'At the end 1 is missing at the destination and 2 are different there; they are among the exceptions.\n7 objects under the destination prefix are not in the source.',
  );
  expect(proofOf({})).toContain('At the end nothing was missing and nothing was different.');
});

test('exceptions that were never looked for are not denied', () => {
  const report = sampleReport(withExceptions);
  expect(proofSentences(report)).toContain(
    'Apart from the exceptions, nothing was missing and nothing was different at the end.',
  );
});

test('repairs tell how often the verification ran', () => {
  expect(proofOf({ rounds: 2, repaired: 4 })).toContain('The verification ran twice: it sent 4 objects back');
});

test('a verification that was not reached proves nothing', () => {
  expect(proofOf({ rounds: 0 })).toBe(
    'The verification was not reached. Nothing is proven about what is at the destination.',
  );
});

test.each<[string, Partial<Report>]>([
  ['a success with missing objects', { verification: { ...verification, missing: 1 } }],
  ['a success without a verification', { verification: { ...verification, rounds: 0 } }],
  ['outcomes that are fewer than listed', { listed: { objects: 3000, bytes: 1_331_439_861_760 } }],
  ['outcomes of fewer bytes than listed', { listed: { objects: 2143, bytes: 1 } }],
  ['kinds that are more than the exceptions', { exceptionKinds: { corrupt: 1 } }],
])('%s is a contradiction', (_, changes) => {
  expect(contradictions(sampleReport(changes))).toHaveLength(1);
});

test('a sound report contradicts itself nowhere', () => {
  expect(contradictions(sampleReport())).toEqual([]);
});
