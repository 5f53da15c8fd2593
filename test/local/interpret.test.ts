import { describe, expect, it } from 'vitest';
import {
  ExecutionFailed,
  ExecutionStopped,
  type Interpretation,
  interpret,
  type Json,
  type StateEvent,
} from '../../local/interpret.ts';
import { LambdaError } from '../../local/lambda-error.ts';

type Definition = Interpretation['definition'];

const arn = (name: string) => `arn:aws:lambda:us-east-1:000000000000:function:${name}`;
const retry = [{ ErrorEquals: ['States.ALL'], IntervalSeconds: 60, MaxAttempts: 3, BackoffRate: 1 }];

/** One Task, tried again every minute, then a wait of an hour. */
const oneTask: Definition = {
  StartAt: 'Work',
  States: {
    Work: { Type: 'Task', Resource: arn('work'), Retry: retry, Next: 'Rest' },
    Rest: { Type: 'Wait', Seconds: 3600, Next: 'Done' },
    Done: { Type: 'Succeed' },
  },
};

function run(definition: Definition, more: Partial<Interpretation> = {}) {
  return interpret({
    definition,
    input: { n: 1 },
    execution: { id: 'arn:1', name: 'one' },
    tasks: {},
    waitsMs: { Rest: 0 },
    retriesMs: { Work: 0 },
    signal: new AbortController().signal,
    ...more,
  });
}
const failing = (times: number, error: Error) => {
  let calls = 0;
  const handler = async (): Promise<Json> => {
    calls += 1;
    if (calls <= times) throw error;
    return { calls };
  };
  return { handler, calls: () => calls };
};

describe('an execution', () => {
  it('gives the output of its last state', async () => {
    expect(await run(oneTask, { tasks: { Work: async (input) => ({ got: input }) } })).toEqual({
      got: { n: 1 },
    });
  });

  it('tells every state that it enters and leaves, the last one too', async () => {
    const seen: StateEvent[] = [];
    await run(oneTask, { tasks: { Work: async () => ({}) }, onState: (event) => seen.push(event) });
    expect(seen.map(({ moment, name, type }) => [moment, name, type])).toEqual([
      ['entered', 'Work', 'Task'],
      ['left', 'Work', 'Task'],
      ['entered', 'Rest', 'Wait'],
      ['left', 'Rest', 'Wait'],
      ['entered', 'Done', 'Succeed'],
      ['left', 'Done', 'Succeed'],
    ]);
  });

  it('tells a try that failed from a state that did', async () => {
    const seen: StateEvent[] = [];
    const { handler } = failing(1, new TypeError('lost'));
    await run(oneTask, { tasks: { Work: handler }, onState: (event) => seen.push(event) });
    expect(seen.slice(0, 3).map(({ moment, error }) => [moment, error])).toEqual([
      ['entered', null],
      ['failed', 'TypeError'],
      ['left', null],
    ]);
  });

  it('tells of the items of a map nothing but the map itself', async () => {
    const map: Definition = {
      StartAt: 'Each',
      States: {
        Each: {
          Type: 'Map',
          ItemsPath: '$.items',
          ItemProcessor: {
            StartAt: 'Work',
            States: { Work: { Type: 'Task', Resource: arn('work'), End: true } },
          },
          End: true,
        },
      },
    };
    const seen: string[] = [];
    const output = await run(map, {
      input: { items: [1, 2, 3] },
      tasks: { Work: async (input) => Number(input) * 2 },
      onState: ({ name }) => seen.push(name),
    });
    expect(output).toEqual([2, 4, 6]);
    expect(seen).toEqual(['Each', 'Each']);
  });

  it('knows its id, its name and its input', async () => {
    const pass: Definition = {
      StartAt: 'Say',
      States: {
        Say: {
          Type: 'Pass',
          Parameters: {
            'id.$': '$$.Execution.Id',
            'name.$': '$$.Execution.Name',
            'input.$': '$$.Execution.Input',
          },
          End: true,
        },
      },
    };
    expect(await run(pass)).toEqual({ id: 'arn:1', name: 'one', input: { n: 1 } });
  });

  it('of a definition that is not valid is refused', async () => {
    const broken: Definition = { StartAt: 'Nowhere', States: oneTask.States };
    await expect(run(broken)).rejects.toThrow(/invalid/i);
  });
});

describe('an execution that fails', () => {
  it('in a Fail state fails with its words', async () => {
    const fail: Definition = {
      StartAt: 'No',
      States: { No: { Type: 'Fail', Error: 'Stalled', Cause: 'nothing moves' } },
    };
    const failed = run(fail);
    await expect(failed).rejects.toBeInstanceOf(ExecutionFailed);
    await expect(failed).rejects.toMatchObject({ error: 'Stalled', causeText: 'nothing moves' });
  });

  it('by an error nobody caught hands on the cause as Step Functions does: a Lambda’s is JSON', async () => {
    const thrown = new LambdaError(new RangeError('too far'));
    const failed = run(oneTask, { tasks: { Work: failing(9, thrown).handler } });
    await expect(failed).rejects.toMatchObject({
      error: 'RangeError',
      causeText: '{"errorType":"RangeError","errorMessage":"too far"}',
    });
  });

  it('by its own time-out fails as States.Timeout', async () => {
    const short: Definition = { ...oneTask, TimeoutSeconds: 1 };
    const failed = run(short, { tasks: { Work: async () => ({}) }, waitsMs: { Rest: 60_000 } });
    await expect(failed).rejects.toMatchObject({ name: 'ExecutionFailed', error: 'States.Timeout' });
  });
});

describe('an execution that is told to stop', () => {
  it('before it begins does nothing', async () => {
    const { handler, calls } = failing(0, new Error());
    await expect(
      run(oneTask, { tasks: { Work: handler }, signal: AbortSignal.abort() }),
    ).rejects.toBeInstanceOf(ExecutionStopped);
    expect(calls()).toBe(0);
  });

  it('while it waits stops at once', async () => {
    const stop = new AbortController();
    const stopped = run(oneTask, {
      tasks: { Work: async () => ({}) },
      waitsMs: { Rest: 3_600_000 },
      signal: stop.signal,
      onState: ({ moment, name }) => void (moment === 'entered' && name === 'Rest' && stop.abort()),
    });
    await expect(stopped).rejects.toBeInstanceOf(ExecutionStopped);
  });

  it('during a task does not wait for it, and starts nothing after it', async () => {
    const stop = new AbortController();
    const entered: string[] = [];
    let finish = (): void => undefined;
    const stopped = run(oneTask, {
      tasks: {
        Work: () =>
          new Promise((resolve) => {
            finish = () => resolve({});
            stop.abort();
          }),
      },
      signal: stop.signal,
      onState: ({ moment, name }) => void (moment === 'entered' && entered.push(name)),
    });
    await expect(stopped).rejects.toBeInstanceOf(ExecutionStopped);
    finish();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(entered).toEqual(['Work']);
  });

  it('between two tries of a task does not try again', async () => {
    const stop = new AbortController();
    const { handler, calls } = failing(9, new Error('lost'));
    const stopped = run(oneTask, {
      tasks: { Work: handler },
      retriesMs: { Work: 60_000 },
      signal: stop.signal,
      onState: ({ moment }) => void (moment === 'failed' && setTimeout(() => stop.abort(), 10)),
    });
    await expect(stopped).rejects.toBeInstanceOf(ExecutionStopped);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(calls()).toBe(1);
  });
});
