import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { JobStoreDamaged, SourceDenied, StackBusy } from '../../core/errors.ts';
import { IntegrationFailed } from '../../local/lambda-error.ts';
import { readDefinition } from '../support/definitions.ts';
import { runMachines, type Script, sampleWatch } from '../support/run-machines.ts';
import { address, smallInput } from '../support/sample-migration.ts';

const toVerify = [
  'Take request',
  'Validate',
  'Preflight',
  'Raise fleet',
  'Was it listed before?',
  'List source',
  'Drain',
  'Is everything drained?',
  'Lower fleet',
];
const goodEnd = ['Clean up', 'Report', 'Announce', 'How did it end?', 'Succeeded'];
const badEnd = ['Clean up', 'Report', 'Announce', 'How did it end?', 'Failed'];
const verified = [
  'Was it verified before?',
  'Plan verification',
  'Verify',
  'Judge',
  'Is anything to repair?',
];
const repaired = [
  'Enqueue repairs',
  'Raise fleet',
  'Was it listed before?',
  'Drain',
  'Is everything drained?',
  'Lower fleet',
  'Was it verified before?',
  'Verify',
  'Judge',
  'Is anything to repair?',
];

/** A judge that wants repairs in the first `rounds` rounds: of both shards, then of the last one. */
const repairs =
  (rounds: number): Script[string] =>
  (input, call) => {
    const { migration, folder, round } = z
      .object({ migration: z.string(), folder: z.string(), round: z.int() })
      .parse(input);
    const repair = call <= rounds;
    const shards = !repair ? [] : call === 1 ? ['0000', '0001'] : ['0001'];
    return { migration, folder, round: repair ? round + 1 : round, shards, repair };
  };
const backlog = (input: unknown, verdict: string) => ({
  ...z.object({ migration: z.string(), folder: z.string() }).parse(input),
  polls: z.object({ polls: z.int() }).parse(input).polls + 1,
  watch: sampleWatch,
  verdict,
});

describe('a migration goes', () => {
  it('the good path', async () => {
    const { parent, children, announced, inputs, failure } = await runMachines();
    expect(parent).toEqual([...toVerify, ...verified, ...goodEnd]);
    expect(children).toEqual([['Read backlog', 'How does it go?', 'Drained']]);
    expect(failure).toBeNull();
    expect(announced.map(({ DetailType }) => DetailType)).toEqual(['Migration Succeeded']);
    expect(inputs('Verify shard')).toEqual(
      ['0000', '0001'].map((shard) => ({ ...address, round: 1, shard })),
    );
  });

  it('with the execution’s name as its id and its input as the request', async () => {
    const { inputs } = await runMachines();
    expect(inputs('Validate')).toEqual([
      { migration: address.migration, startedAt: expect.stringMatching(/Z$/), request: smallInput },
    ]);
  });

  it.each(['exit-ibm', 'exit-ibm@2', 'exit-ibm@31'])(
    'as the migration that it was before, started as %s',
    async (name) => {
      const { inputs } = await runMachines({}, { name });
      expect(inputs('Validate')).toMatchObject([{ migration: 'exit-ibm' }]);
    },
  );

  it('to a lister that is told which migration it lists, and where its files are', async () => {
    const { inputs } = await runMachines();
    expect(inputs('List source')).toMatchObject([
      {
        Tags: [{ Key: 'drover:migration', Value: address.migration }],
        Overrides: {
          ContainerOverrides: [
            {
              Name: 'lister',
              Environment: [
                { Name: 'MIGRATION', Value: address.migration },
                { Name: 'FOLDER', Value: address.folder },
              ],
            },
          ],
        },
      },
    ]);
  });

  it.each([1, 2])('through %i repair rounds, verifying only what was repaired', async (rounds) => {
    const { parent, children, inputs, failure } = await runMachines({ Judge: repairs(rounds) });
    const each = Array.from({ length: rounds }, () => repaired).flat();
    expect(parent).toEqual([...toVerify, ...verified, ...each, ...goodEnd]);
    expect(children).toHaveLength(1 + rounds);
    expect(failure).toBeNull();
    const again = [
      ['0000', 2],
      ['0001', 2],
      ['0001', 3],
    ].slice(0, rounds + 1);
    const shards = (state: string) =>
      inputs(state).map((input) =>
        Object.values(z.object({ shard: z.string(), round: z.int() }).parse(input)),
      );
    expect(shards('Enqueue shard repairs')).toEqual(again);
    expect(shards('Verify shard')).toEqual([['0000', 1], ['0001', 1], ...again]);
  });

  it('with exceptions to an end that is no failure', async () => {
    const { parent, failure } = await runMachines({
      Report: () => ({
        status: 'FINISHED_WITH_EXCEPTIONS',
        error: null,
        event: 'Migration Finished With Exceptions',
        detail: {
          migration: address.migration,
          report: 'r',
          listed: { objects: 1, bytes: 1 },
          outcomes: Object.fromEntries(
            ['copied', 'unchanged', 'excluded', 'exception'].map((name) => [name, { objects: 0, bytes: 0 }]),
          ),
          error: null,
        },
      }),
    });
    expect(parent.at(-1)).toBe('Finished with exceptions');
    expect(failure).toBeNull();
  });

  it('over an inventory without a single shard to verify again', async () => {
    const { parent, failure } = await runMachines({
      'Plan verification': () => ({ ...address, round: 1, shards: [] }),
    });
    expect(parent).toEqual([...toVerify, ...verified, ...goodEnd]);
    expect(failure).toBeNull();
  });
});

describe('the drain', () => {
  it('hands its watch from child to child, and each child counts its own polls', async () => {
    let reads = 0;
    const { parent, children, inputs } = await runMachines({
      'Read backlog': (input) => {
        reads += 1;
        return {
          ...backlog(input, reads === 2000 ? 'drained' : 'draining'),
          watch: { ...sampleWatch, readAtMs: reads },
        };
      },
    });
    expect(children.map((states) => states.filter((name) => name === 'Read backlog').length)).toEqual([
      900, 900, 200,
    ]);
    expect(children.map((states) => states.at(-1))).toEqual(['Handed over', 'Handed over', 'Drained']);
    expect(parent.filter((name) => name === 'Drain')).toHaveLength(3);
    const started = inputs('Drain').map((input) => z.object({ Input: z.json() }).parse(input).Input);
    expect(started).toMatchObject([
      { ...address, polls: 0, watch: null },
      { ...address, polls: 0, watch: { readAtMs: 900 } },
      { ...address, polls: 0, watch: { readAtMs: 1800 } },
    ]);
  });

  it('does not end its child on a stall that is announced at the last poll', async () => {
    const { children, announced, failure } = await runMachines({
      'Read backlog': (input, call) =>
        backlog(input, call === 900 ? 'stalled' : call === 903 ? 'drained' : 'draining'),
    });
    expect(children.map((states) => states.slice(-3))).toEqual([
      ['Read backlog', 'How does it go?', 'Handed over'],
      ['Read backlog', 'How does it go?', 'Drained'],
    ]);
    expect(announced.map(({ DetailType }) => DetailType)).toEqual([
      'Migration Stalled',
      'Migration Succeeded',
    ]);
    expect(failure).toBeNull();
  });

  it('announces a stall with what to look at, and goes on', async () => {
    const { children, announced, failure } = await runMachines({
      'Read backlog': (input, call) => backlog(input, call === 1 ? 'stalled' : 'drained'),
    });
    expect(children).toEqual([
      [
        'Read backlog',
        'How does it go?',
        'Announce stall',
        'Wait a minute',
        'Read backlog',
        'How does it go?',
        'Drained',
      ],
    ]);
    expect(announced[0]).toMatchObject({
      DetailType: 'Migration Stalled',
      Detail: {
        migration: address.migration,
        counts: sampleWatch.counts,
        advice: expect.stringContaining('worker log'),
      },
    });
    expect(failure).toBeNull();
  });

  it('goes on when a stall cannot be announced', async () => {
    const { failure } = await runMachines({
      'Read backlog': (input, call) => backlog(input, call === 1 ? 'stalled' : 'drained'),
      'Announce stall': () => {
        throw new IntegrationFailed({ Error: 'EventBridge.FailedEntry' });
      },
    });
    expect(failure).toBeNull();
  });

  it('that is given up fails the migration as Stalled, after Clean up', async () => {
    const { parent, failure, announced } = await runMachines({
      'Read backlog': (input) => backlog(input, 'given-up'),
    });
    expect(parent.slice(-6)).toEqual(['Drain', ...badEnd]);
    expect(failure).toMatchObject({
      error: 'Stalled',
      cause: expect.stringContaining('start the migration again'),
    });
    expect(announced).toMatchObject([
      { DetailType: 'Migration Failed', Detail: { error: { name: 'Stalled' } } },
    ]);
  });
});

describe('a task that fails once', () => {
  // Each is tried again after what its step throws in passing; Validate and Preflight refuse for good.
  const retried = [
    'Raise fleet',
    'List source',
    'Read backlog',
    'Lower fleet',
    'Plan verification',
    'Verify shard',
    'Judge',
    'Enqueue shard repairs',
    'Clean up',
    'Report',
    'Announce',
  ];
  it.each(retried)('in %s is tried again, and the migration succeeds', async (state) => {
    const script: Script = state === 'Enqueue shard repairs' ? { Judge: repairs(1) } : {};
    const { failure, inputs } = await runMachines({
      ...script,
      [state]: (_, call) => {
        if (call === 1) throw new IntegrationFailed({ StoppedReason: 'the task was lost' });
      },
    });
    expect(failure).toBeNull();
    expect(inputs(state).length).toBeGreaterThan(1);
  });

  it.each([
    'Validate',
    'Preflight',
    ...retried.filter((state) => state !== 'List source' && state !== 'Announce'),
  ])('of Lambda itself in %s is tried again', async (state) => {
    const script: Script = state === 'Enqueue shard repairs' ? { Judge: repairs(1) } : {};
    const { failure } = await runMachines({
      ...script,
      [state]: (_, call) => {
        if (call <= 3) throw Object.assign(new Error('slow'), { name: 'Lambda.TooManyRequestsException' });
      },
    });
    expect(failure).toBeNull();
  });
});

describe('a task that fails for good', () => {
  const damaged = () => {
    throw new JobStoreDamaged('the file is gone');
  };
  const upTo = (state: string) => toVerify.slice(0, toVerify.indexOf(state) + 1);
  const ended: [string, string[]][] = [
    ['Preflight', upTo('Preflight')],
    ['Raise fleet', upTo('Raise fleet')],
    ['Read backlog', upTo('Drain')],
    ['Lower fleet', upTo('Lower fleet')],
    ['Plan verification', [...toVerify, ...verified.slice(0, 2)]],
    ['Verify shard', [...toVerify, ...verified.slice(0, 3)]],
    ['Judge', [...toVerify, ...verified.slice(0, 4)]],
  ];
  it.each(ended)('in %s ends as its error, after Clean up and Report', async (state, way) => {
    const { parent, failure, announced } = await runMachines({ [state]: damaged });
    expect(parent).toEqual([...way, ...badEnd]);
    expect(failure).toEqual({ error: 'JobStoreDamaged', cause: 'the file is gone' });
    expect(announced).toMatchObject([
      {
        DetailType: 'Migration Failed',
        Detail: { error: { name: 'JobStoreDamaged', message: 'the file is gone' } },
      },
    ]);
  });

  it('in Enqueue shard repairs ends as its error, after Clean up and Report', async () => {
    const { parent, failure } = await runMachines({ Judge: repairs(1), 'Enqueue shard repairs': damaged });
    expect(parent.slice(-6)).toEqual(['Enqueue repairs', ...badEnd]);
    expect(failure).toEqual({ error: 'JobStoreDamaged', cause: 'the file is gone' });
  });

  it('in List source ends as ListingFailed, after five more listers', async () => {
    const { parent, failure, inputs } = await runMachines({
      'List source': () => {
        throw new IntegrationFailed({ StoppedReason: 'Essential container in task exited (exit code 1)' });
      },
    });
    expect(parent).toEqual([...upTo('List source'), ...badEnd]);
    expect(failure).toMatchObject({ error: 'ListingFailed', cause: expect.stringContaining('exit code 1') });
    expect(inputs('List source')).toHaveLength(6);
  });

  it('of a lister of which another would fail too ends the drain at its first read, without another lister', async () => {
    const { parent, failure, inputs } = await runMachines({
      'Read backlog': () => {
        throw new SourceDenied('allow s3:ListBucket');
      },
    });
    expect(parent).toEqual([...upTo('Drain'), ...badEnd]);
    expect(failure).toEqual({ error: 'SourceDenied', cause: 'allow s3:ListBucket' });
    expect([inputs('List source').length, inputs('Read backlog').length]).toEqual([1, 1]);
  });

  it('in Drain itself ends as its error, after Clean up and Report', async () => {
    const { parent, failure } = await runMachines({
      Drain: () => {
        throw Object.assign(new Error('too many executions'), { name: 'StepFunctions.ServiceException' });
      },
    });
    expect(parent).toEqual([...upTo('Drain'), ...badEnd]);
    expect(failure).toEqual({ error: 'StepFunctions.ServiceException', cause: 'too many executions' });
  });

  it('in Validate is announced, and nothing else is touched', async () => {
    const { parent, failure, announced } = await runMachines({
      Validate: () => {
        throw new SourceDenied('no');
      },
    });
    expect(parent).toEqual([...upTo('Validate'), 'Announce refusal', 'Refused']);
    expect(failure).toEqual({
      error: 'SourceDenied',
      cause: JSON.stringify({ errorType: 'SourceDenied', errorMessage: 'no' }),
    });
    expect(announced).toMatchObject([
      {
        DetailType: 'Migration Failed',
        Detail: { migration: address.migration, error: { Error: 'SourceDenied' } },
      },
    ]);
  });

  it('since the stack is another migration’s leaves that one’s fleet alone', async () => {
    const { parent, failure } = await runMachines({
      Preflight: () => {
        throw new StackBusy('the queue still holds batches of migration "other"');
      },
    });
    expect(parent).toEqual([...upTo('Preflight'), 'Announce refusal', 'Refused']);
    expect(failure?.error).toBe('StackBusy');
  });

  it('in Clean up does not change how the migration ended', async () => {
    const { parent, failure } = await runMachines({ 'Clean up': damaged });
    expect(parent).toEqual([...toVerify, ...verified, ...goodEnd]);
    expect(failure).toBeNull();
  });

  it('in Clean up does not hide why the migration failed', async () => {
    const { failure } = await runMachines({
      'Clean up': damaged,
      Judge: () => Promise.reject(new SourceDenied('no')),
    });
    expect(failure).toEqual({ error: 'SourceDenied', cause: 'no' });
  });

  it('in Report is announced without one', async () => {
    const { parent, failure, announced } = await runMachines({ Report: damaged });
    expect(parent.slice(-6)).toEqual([
      'Clean up',
      'Report',
      'Had it failed before?',
      'Blame the report',
      'Announce refusal',
      'Refused',
    ]);
    expect(failure?.error).toBe('JobStoreDamaged');
    expect(announced).toMatchObject([
      { DetailType: 'Migration Failed', Detail: { error: { Error: 'JobStoreDamaged' } } },
    ]);
  });

  it('in Report does not hide why the migration failed', async () => {
    const { failure, announced } = await runMachines({
      Report: damaged,
      Judge: () => Promise.reject(new SourceDenied('no')),
    });
    expect(failure).toMatchObject({ error: 'SourceDenied' });
    expect(announced).toMatchObject([{ Detail: { error: { Error: 'SourceDenied' } } }]);
  });

  it.each(['Announce', 'Announce refusal'])(
    'in %s does not change how the migration ended',
    async (state) => {
      const refusal: Script = state === 'Announce' ? {} : { Validate: damaged };
      const { parent, failure } = await runMachines({ ...refusal, [state]: damaged });
      expect(parent.at(-1)).toBe(state === 'Announce' ? 'Succeeded' : 'Refused');
      expect(failure?.error).toBe(state === 'Announce' ? undefined : 'JobStoreDamaged');
    },
  );

  it('is tried for every Task of both machines, in one of these', () => {
    const names = [...readDefinition('migrate').states.values(), ...readDefinition('drain').states.values()]
      .filter(({ type }) => type === 'Task')
      .map(({ name }) => name);
    const tried = [
      ...ended.map(([state]) => state),
      'Enqueue shard repairs',
      'List source',
      'Drain',
      'Validate',
      'Clean up',
      'Report',
      'Announce',
      'Announce refusal',
      'Announce stall',
    ];
    expect(tried.sort()).toEqual(names.sort());
  });
});

describe('an input that is no request', () => {
  it.each([['text'], [[1, 2]], [7], [null], [true]])('%j is refused as such', async (input) => {
    const { parent, failure, announced } = await runMachines(
      {
        Validate: () => {
          throw Object.assign(new Error('the request is no object'), { name: 'InvalidRequest' });
        },
      },
      { input },
    );
    expect(parent.slice(-2)).toEqual(['Announce refusal', 'Refused']);
    expect(failure?.error).toBe('InvalidRequest');
    expect(announced).toMatchObject([{ DetailType: 'Migration Failed' }]);
  });
});
