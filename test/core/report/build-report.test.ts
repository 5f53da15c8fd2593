import { describe, expect, test } from 'vitest';
import type { Listing } from '../../../core/inventory/checkpoint.ts';
import { buildReport, type Evidence } from '../../../core/report/build-report.ts';
import { Report } from '../../../core/report/report.ts';
import { noObjects } from '../../../core/transfer/outcome.ts';
import { nothingCounted, type VerificationCounts } from '../../../core/verification/findings.ts';
import type { Verdict } from '../../../core/verification/verdict.ts';
import { aPlan } from '../../support/builders.ts';

const startedAtMs = Date.parse('2026-11-23T08:00:00.000Z');
const tally = (objects: number) => ({ objects, bytes: objects * 10 });

function aVerdict(
  changes: Partial<Verdict> = {},
  outcomes: Partial<VerificationCounts['outcomes']> = {},
): Verdict {
  const nothing = nothingCounted();
  return {
    rounds: 2,
    ...nothing,
    provenByChecksum: 4,
    provenBySize: 2,
    provenByContent: 1,
    requests: { source: { HeadObject: 3 }, destination: { ListObjectsV2: 30 } },
    ...changes,
    outcomes: { ...nothing.outcomes, copied: tally(5), unchanged: tally(2), ...outcomes },
  };
}

const listing: Listing = {
  version: 1,
  shards: 1,
  batches: 1,
  listed: tally(7),
  tallies: {
    transfer: tally(5),
    unchanged: tally(2),
    kept: noObjects(),
    excluded: noObjects(),
    exception: noObjects(),
  },
  requests: { source: { ListObjectsV2: 1 }, destination: { ListObjectsV2: 10 } },
  effort: { ranges: 1, pages: 1, emptyProbes: 0 },
  finishedAtMs: startedAtMs + 1000,
};

function evidenceOf(changes: Partial<Evidence> = {}): Evidence {
  return {
    migration: 'm',
    startedAtMs,
    nowMs: startedAtMs + 90_500,
    plan: {
      ...aPlan({
        source: { prefix: 'raw/', provider: 'IBMCOS' },
        destination: { prefix: 'ibm/', storageClass: 'STANDARD_IA' },
      }),
      requests: { source: { GetBucketLocation: 1 }, destination: { PutObject: 1 } },
    },
    listing,
    verdict: aVerdict(),
    error: null,
    exceptions: [],
    exceptionsFile: null,
    totals: { requests: { source: { GetObject: 5 }, destination: { PutObject: 5 } }, throughput: [] },
    states: [],
    ...changes,
  };
}

const failure = { name: 'Stalled', message: 'the queue did not change' };

describe('the status of a report', () => {
  test.each<[string, Partial<Evidence>, Report['status']]>([
    ['is a success when nothing failed and nothing is open', {}, 'SUCCEEDED'],
    [
      'is a success of nothing',
      { verdict: aVerdict({}, { copied: tally(0), unchanged: tally(0) }) },
      'SUCCEEDED',
    ],
    ['has exceptions', { verdict: aVerdict({}, { exception: tally(1) }) }, 'FINISHED_WITH_EXCEPTIONS'],
    [
      'is no success while a repair is open',
      { verdict: aVerdict({}, { repair: tally(1) }) },
      'FINISHED_WITH_EXCEPTIONS',
    ],
    ['is a failure without a verdict', { verdict: null }, 'FAILED'],
    ['is a failure when something failed, whatever the verdict', { error: failure }, 'FAILED'],
    [
      'is a failure before there is a plan',
      { plan: null, listing: null, verdict: null, error: failure },
      'FAILED',
    ],
  ])('%s', (_, changes, status) => {
    const report = buildReport(evidenceOf(changes));
    expect(report.status).toBe(status);
    expect(() => Report.parse(report)).not.toThrow();
  });
});

describe('the error of a report', () => {
  const states = [
    { name: 'List source', startedAtMs, endedAtMs: startedAtMs, failed: true },
    { name: 'Drain', startedAtMs, endedAtMs: startedAtMs, failed: true },
    { name: 'Clean up', startedAtMs, endedAtMs: startedAtMs, failed: true },
    { name: 'Report', startedAtMs, endedAtMs: null, failed: false },
  ];

  test.each<[string, Partial<Evidence>, Report['error']]>([
    ['is none when nothing failed, though a state was tried again', { states }, null],
    [
      'names the last state that failed before the cleaning up',
      { error: failure, states },
      { ...failure, state: 'Drain' },
    ],
    ['names none when none is known', { error: failure }, failure],
    [
      'says that there was no verification when nothing else is known',
      { verdict: null },
      { name: 'ListingFailed', message: 'the migration ended without a verification' },
    ],
  ])('%s', (_, changes, error) => {
    expect(buildReport(evidenceOf(changes)).error).toEqual(error);
  });
});

test('a report tells both sides, what was listed, and what the verification found', () => {
  const exceptions = [{ key: 'a', kind: 'corrupt' as const, reason: 'r' }];
  const verdict = aVerdict(
    { exceptionKinds: { corrupt: 1 }, kept: 1, missing: 2, different: 3, extra: 4, repaired: 5 },
    { excluded: tally(8), exception: tally(1) },
  );
  const report = buildReport(evidenceOf({ verdict, exceptions, exceptionsFile: 'memory://e' }));
  expect(report).toMatchObject({
    migration: 'm',
    source: {
      bucket: 'media-archive',
      prefix: 'raw/',
      provider: 'IBMCOS',
      endpoint: 'https://s3.example.com',
    },
    destination: {
      bucket: 'archive',
      prefix: 'ibm/',
      region: 'us-east-1',
      endpoint: null,
      storageClass: 'STANDARD_IA',
    },
    listed: tally(7),
    outcomes: { copied: tally(5), unchanged: tally(2), excluded: tally(8), exception: tally(1) },
    exceptionKinds: { corrupt: 1 },
    exceptions,
    exceptionsFile: 'memory://e',
    startedAt: '2026-11-23T08:00:00.000Z',
    finishedAt: '2026-11-23T08:01:30.500Z',
    seconds: 90.5,
  });
  expect(report.verification).toEqual({
    rounds: 2,
    verified: 7,
    provenByChecksum: 4,
    provenBySize: 2,
    provenByContent: 1,
    kept: 1,
    missing: 2,
    different: 3,
    extra: 4,
    repaired: 5,
  });
  expect(report.outcomes).not.toHaveProperty('repair');
});

test('requests of preflight, lister, workers and verification add up, and none of them is changed by it', () => {
  const evidence = evidenceOf();
  const before = structuredClone(evidence);
  expect(buildReport(evidence).requests).toEqual({
    source: { GetBucketLocation: 1, ListObjectsV2: 1, GetObject: 5, HeadObject: 3 },
    destination: { ListObjectsV2: 40, PutObject: 6 },
  });
  expect(evidence).toEqual(before);
});

test('states and throughput are told in moments and seconds', () => {
  const report = buildReport(
    evidenceOf({
      states: [
        { name: 'Validate', startedAtMs, endedAtMs: startedAtMs + 250, failed: false },
        { name: 'Report', startedAtMs: startedAtMs + 90_000, endedAtMs: null, failed: false },
      ],
      totals: {
        requests: { source: {}, destination: {} },
        throughput: [{ startMs: startedAtMs, widthMs: 250, objects: 2, bytes: 20 }],
      },
    }),
  );
  expect(report.states).toEqual([
    { name: 'Validate', startedAt: '2026-11-23T08:00:00.000Z', seconds: 0.25 },
    { name: 'Report', startedAt: '2026-11-23T08:01:30.000Z', seconds: 0.5 },
  ]);
  expect(report.throughput).toEqual([
    { startedAt: '2026-11-23T08:00:00.000Z', seconds: 0.25, objects: 2, bytes: 20 },
  ]);
});

test('a migration that never had a plan has a report of nothing', () => {
  const report = buildReport(evidenceOf({ plan: null, listing: null, verdict: null, error: failure }));
  expect(report).toMatchObject({
    source: null,
    destination: null,
    listed: noObjects(),
    outcomes: { copied: noObjects(), exception: noObjects() },
    exceptionKinds: {},
    verification: { rounds: 0, verified: 0, extra: 0 },
    requests: { source: { GetObject: 5 }, destination: { PutObject: 5 } },
  });
});
