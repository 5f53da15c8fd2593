import { gunzipSync } from 'node:zlib';
import { beforeEach, describe, expect, it } from 'vitest';
import { ListingFailed } from '../../core/errors.ts';
import { jobLayout } from '../../core/job-layout.ts';
import { decodeJson, encodeJson, encodeLines } from '../../core/json-lines.ts';
import { Report } from '../../core/report/report.ts';
import type { Finding } from '../../core/verification/findings.ts';
import { nothingCounted, type VerificationCounts } from '../../core/verification/findings.ts';
import { report } from '../../functions/report.ts';
import { perform } from '../../functions/step.ts';
import { IntegrationFailed, LambdaError } from '../../local/lambda-error.ts';
import { memoryStack } from '../support/memory-stack.ts';
import { address, rowOf, samplePlan, storeInventory } from '../support/sample-migration.ts';

const { folder } = address;
const startedAt = new Date(1_940_000).toISOString();
let stack: ReturnType<typeof memoryStack>;

beforeEach(() => {
  stack = memoryStack(2_000_000);
});

const run = (error?: { Error: string; Cause?: string }) =>
  perform(
    report,
    { execution: 'local:exit-ibm', state: { ...address, startedAt, ...(error && { error }) } },
    stack,
  );
async function stored(): Promise<Report> {
  const file = await stack.jobStore.read(jobLayout.report(folder));
  if (file === null) throw new Error('no report.json was written');
  return decodeJson(file.bytes, Report);
}
async function page(): Promise<string> {
  const file = await stack.jobStore.read(jobLayout.reportPage(folder));
  return new TextDecoder().decode(file?.bytes);
}

/** What a migration leaves that came to the end of its verification. */
async function verified(
  counts: Partial<VerificationCounts>,
  findings: readonly (readonly Finding[])[] = [[], []],
): Promise<void> {
  await stack.jobStore.write(jobLayout.plan(folder), encodeJson(samplePlan()));
  await storeInventory(stack.jobStore, [[rowOf('a', 'x'), rowOf('b', 'x')], [rowOf('c', 'x')]]);
  await stack.jobStore.write(
    jobLayout.verdict(folder),
    encodeJson({ rounds: 1, ...nothingCounted(), ...counts }),
  );
  for (const [index, rows] of findings.entries())
    await stack.jobStore.write(jobLayout.findings(folder, `000${index}`), encodeLines(rows));
}
const outcomes = (copied: number, exception: number, repair = 0): VerificationCounts['outcomes'] => ({
  ...nothingCounted().outcomes,
  copied: { objects: copied, bytes: copied },
  exception: { objects: exception, bytes: exception },
  repair: { objects: repair, bytes: repair },
});
const exceptionOf = (key: string): Finding => ({
  action: 'exception',
  key,
  kind: 'source-archived',
  reason: 'GLACIER',
});

describe('a migration that', () => {
  it('succeeded says so, with counts and the report’s address', async () => {
    await verified({ outcomes: outcomes(3, 0), provenByChecksum: 3 });
    stack.states.push({ name: 'Preflight', startedAtMs: 1_940_000, endedAtMs: 1_941_000, failed: false });
    const given = await run();
    expect(given).toEqual({
      status: 'SUCCEEDED',
      error: null,
      event: 'Migration Succeeded',
      detail: {
        migration: 'exit-ibm',
        report: 'memory://migrations/exit-ibm/report.html',
        listed: { objects: 3, bytes: 3 },
        outcomes: {
          copied: { objects: 3, bytes: 3 },
          unchanged: { objects: 0, bytes: 0 },
          excluded: { objects: 0, bytes: 0 },
          exception: { objects: 0, bytes: 0 },
        },
        error: null,
      },
    });
    expect(await stored()).toMatchObject({
      status: 'SUCCEEDED',
      source: { bucket: 'media-archive' },
      exceptionsFile: null,
      seconds: 60,
      verification: { rounds: 1, verified: 3 },
      states: [{ name: 'Preflight', seconds: 1 }],
    });
    expect(await page()).toContain('Every one of 3 objects arrived');
  });

  it('has exceptions finished, and lists them', async () => {
    await verified({ outcomes: outcomes(2, 1), exceptionKinds: { 'source-archived': 1 }, missing: 1 }, [
      [],
      [exceptionOf('c')],
    ]);
    expect(await run()).toMatchObject({
      status: 'FINISHED_WITH_EXCEPTIONS',
      event: 'Migration Finished With Exceptions',
      error: null,
    });
    expect((await stored()).exceptions).toEqual([{ key: 'c', kind: 'source-archived', reason: 'GLACIER' }]);
  });

  it('verified everything and failed all the same has failed', async () => {
    await verified({ outcomes: outcomes(3, 0), provenByChecksum: 3 });
    expect(await run({ Error: 'States.Timeout', Cause: 'too long' })).toMatchObject({ status: 'FAILED' });
  });
});

describe('a failure is reported in the words of what failed', () => {
  const thrown = (name: string, message: string) => {
    const error = new LambdaError(Object.assign(new TypeError(message), { name }));
    return { Error: error.name, Cause: error.message };
  };
  const stopped = new IntegrationFailed({
    StoppedReason: 'Essential container in task exited (exit code 1)',
  });
  const cases: [string, { Error: string; Cause?: string }, { name: string; message: string }][] = [
    [
      'of a Lambda',
      thrown('SourceDenied', 'the source refuses the credentials'),
      { name: 'SourceDenied', message: 'the source refuses the credentials' },
    ],
    [
      'of a child execution',
      {
        Error: 'States.TaskFailed',
        Cause: JSON.stringify({ Status: 'FAILED', Error: 'Stalled', Cause: 'nothing moves' }),
      },
      { name: 'Stalled', message: 'nothing moves' },
    ],
    [
      'of a lister that left no word',
      { Error: stopped.name, Cause: stopped.message },
      {
        name: 'ListingFailed',
        message:
          'the lister stopped: Essential container in task exited (exit code 1). Start the migration again under the same id: it resumes.',
      },
    ],
    [
      'of Step Functions itself',
      { Error: 'States.Timeout' },
      { name: 'States.Timeout', message: 'no cause was given' },
    ],
    [
      'of a Lambda that ran out of time',
      {
        Error: 'Sandbox.Timedout',
        Cause: JSON.stringify({
          errorType: 'Sandbox.Timedout',
          errorMessage: 'RequestId: 1 Error: Task timed out after 900.00 seconds',
        }),
      },
      { name: 'Sandbox.Timedout', message: 'RequestId: 1 Error: Task timed out after 900.00 seconds' },
    ],
    ['that is no JSON', { Error: 'Odd', Cause: 'a { b' }, { name: 'Odd', message: 'a { b' }],
  ];
  it.each(cases)('%s', async (_, error, expected) => {
    const given = await run(error);
    expect(given).toMatchObject({
      status: 'FAILED',
      event: 'Migration Failed',
      error: expected,
      detail: { migration: 'exit-ibm', listed: { objects: 0, bytes: 0 }, error: expected },
    });
    expect(await stored()).toMatchObject({ status: 'FAILED', error: expected, source: null });
    expect(await page()).toContain(expected.name);
  });

  it('of a lister that did', async () => {
    const words = new ListingFailed('the source could not be listed to its end');
    await stack.jobStore.write(
      jobLayout.listingError(folder),
      encodeJson({ name: words.name, message: words.message, final: false }),
    );
    expect((await run({ Error: stopped.name, Cause: stopped.message })).error).toEqual({
      name: 'ListingFailed',
      message: 'the source could not be listed to its end',
    });
  });

  it('with the state that it came from', async () => {
    for (const [name, failed] of [
      ['Preflight', false],
      ['Drain', true],
      ['Clean up', true],
    ] as const)
      stack.states.push({ name, startedAtMs: 1_950_000, endedAtMs: 1_951_000, failed });
    expect((await run({ Error: 'Stalled', Cause: '' })).error).toMatchObject({
      name: 'Stalled',
      state: 'Drain',
    });
  });

  it('after every stage that a migration can fail in', async () => {
    const stages = [
      async () => undefined,
      () => stack.jobStore.write(jobLayout.plan(folder), encodeJson(samplePlan())),
      () => storeInventory(stack.jobStore, [[rowOf('a', 'x')]]),
      () => verified({ outcomes: outcomes(1, 0, 2), missing: 2 }),
    ];
    for (const reach of stages) {
      await reach();
      expect(await run({ Error: 'JobStoreDamaged', Cause: 'gone' })).toMatchObject({ status: 'FAILED' });
    }
    expect((await stored()).verification).toMatchObject({ rounds: 1, missing: 2 });
  });
});

describe('exceptions', () => {
  const many = (from: number, count: number) =>
    Array.from({ length: count }, (_, index) => exceptionOf(`key-${String(from + index).padStart(4, '0')}`));

  it('are all in the file, and the first hundred in the report', async () => {
    const { key, sizeBytes, etag, modifiedAtMs, storageClass } = rowOf('repaired', 'x');
    const file = { key, to: key, sizeBytes, etag, modifiedAtMs, storageClass };
    const repair: Finding = { action: 'repair', key, reason: 'missing at the destination', file };
    await verified({ outcomes: outcomes(0, 130), exceptionKinds: { 'source-archived': 130 } }, [
      many(0, 60),
      [repair, ...many(60, 70)],
    ]);
    await run();
    const { exceptions, exceptionsFile } = await stored();
    expect(exceptions.map(({ key }) => key)).toEqual(
      Array.from({ length: 100 }, (_, index) => `key-${String(index).padStart(4, '0')}`),
    );
    expect(exceptionsFile).toBe('memory://migrations/exit-ibm/exceptions.jsonl.gz');
    const written = await stack.jobStore.read(jobLayout.exceptions(folder));
    const lines = gunzipSync(written?.bytes ?? new Uint8Array())
      .toString()
      .trimEnd()
      .split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual(
      [...many(0, 60), ...many(60, 70)].map((finding) => ({
        key: finding.key,
        kind: 'source-archived',
        reason: 'GLACIER',
      })),
    );
  });

  it('stand in key order, whatever order the verification found them in', async () => {
    await verified({ outcomes: outcomes(0, 3), exceptionKinds: { 'source-archived': 3 } }, [
      [exceptionOf('b\u{10000}'), exceptionOf('a'), exceptionOf('b\uffff')],
      [exceptionOf('c')],
    ]);
    await run();
    expect((await stored()).exceptions.map(({ key }) => key)).toEqual(['a', 'b\uffff', 'b\u{10000}', 'c']);
  });

  it('that are none have no file', async () => {
    await verified({ outcomes: outcomes(3, 0) });
    await run();
    expect(await stack.jobStore.read(jobLayout.exceptions(folder))).toBeNull();
  });

  it('of keys with any character come through', async () => {
    const key = 'a\nb\u0000"\u2028\u{1f600}';
    await verified({ outcomes: outcomes(2, 1), exceptionKinds: { 'source-archived': 1 } }, [
      [exceptionOf(key)],
      [],
    ]);
    await run();
    expect((await stored()).exceptions).toEqual([{ key, kind: 'source-archived', reason: 'GLACIER' }]);
  });
});

describe('the report', () => {
  it('is written again by a second attempt, and is the same but for the time', async () => {
    await verified({ outcomes: outcomes(2, 1), exceptionKinds: { 'source-archived': 1 } }, [
      [exceptionOf('a')],
      [],
    ]);
    await run();
    const first = await stored();
    await run();
    expect(await stored()).toEqual(first);
  });

  it('adds up the requests of Preflight, lister, workers and verification', async () => {
    await verified({
      outcomes: outcomes(3, 0),
      requests: { source: { HeadObject: 2 }, destination: { ListObjectsV2: 5 } },
    });
    const requests = { source: { HeadObject: 1 }, destination: { PutObject: 1 } };
    await stack.jobStore.write(jobLayout.plan(folder), encodeJson({ ...samplePlan(), requests }));
    await run();
    expect((await stored()).requests).toEqual({
      source: { HeadObject: 3, ListObjectsV2: 1 },
      destination: { PutObject: 1, ListObjectsV2: 6 },
    });
  });
});
