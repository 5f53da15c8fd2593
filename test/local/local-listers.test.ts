import { beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../adapters/memory/clock.ts';
import { explainFailure } from '../../core/report/explain-failure.ts';
import type { Child } from '../../local/child.ts';
import { LocalListers } from '../../local/local-listers.ts';

type Ending = { code: number | null; signal: NodeJS.Signals | null };

class Lister implements Child {
  readonly pid = 0;
  readonly ended: Promise<Ending>;
  readonly environment: Record<string, string>;
  obeys = true;
  heard: string[] = [];
  end: (how: Ending) => void = () => undefined;

  constructor(environment: Record<string, string>) {
    this.environment = environment;
    this.ended = new Promise((resolve) => {
      this.end = resolve;
    });
  }
  stop(): void {
    this.heard.push('stop');
    if (this.obeys) this.end({ code: 75, signal: null });
  }
  kill(): void {
    this.heard.push('kill');
    this.end({ code: null, signal: 'SIGKILL' });
  }
}

const parameters = {
  LaunchType: 'FARGATE',
  Overrides: {
    ContainerOverrides: [
      {
        Name: 'lister',
        Environment: [
          { Name: 'MIGRATION', Value: 'exit-ibm' },
          { Name: 'FOLDER', Value: 'migrations/exit-ibm' },
        ],
      },
    ],
  },
};
let clock: ManualClock;
let started: Lister[];
let notices: string[];
let listers: LocalListers;
const last = (): Lister => {
  const lister = started.at(-1);
  if (lister === undefined) throw new Error('no lister was started');
  return lister;
};

beforeEach(() => {
  clock = new ManualClock();
  started = [];
  notices = [];
  listers = new LocalListers({
    start: (environment) => {
      started.push(new Lister(environment));
      return last();
    },
    clock,
    graceSeconds: 30,
    onNotice: (notice) => notices.push(notice),
  });
});

describe('a lister', () => {
  it('is started with the environment of the task, and its end is waited for', async () => {
    const ended = listers.runTask(parameters);
    expect(last().environment).toEqual({ MIGRATION: 'exit-ibm', FOLDER: 'migrations/exit-ibm' });
    last().end({ code: 0, signal: null });
    expect(await ended).toEqual({ LastStatus: 'STOPPED', Containers: [{ ExitCode: 0 }] });
    expect(notices).toEqual([]);
  });

  it.each([
    [{ code: 1, signal: null }, 'exit code 1'],
    [{ code: 75, signal: null }, 'exit code 75'],
    [{ code: null, signal: 'SIGKILL' as const }, 'SIGKILL'],
  ])('that ends by %j fails as a stopped task does', async (how, words) => {
    const ended = listers.runTask(parameters);
    last().end(how);
    const error: Error = await ended.then(
      () => new Error('it succeeded'),
      (thrown: Error) => thrown,
    );
    expect(error.name).toBe('States.TaskFailed');
    expect(JSON.parse(error.message)).toEqual({
      StoppedReason: `Essential container in task exited (${words})`,
      Containers: [{ ExitCode: how.code }],
    });
    expect(notices).toEqual([
      `the lister ended (${words}); it is started again and resumes from its checkpoint`,
    ]);
    const explained = await explainFailure({ Error: error.name, Cause: error.message }, async () => null);
    expect(explained).toMatchObject({ name: 'ListingFailed', message: expect.stringContaining(words) });
  });

  it('is not started with parameters that say nothing to it', async () => {
    await expect(listers.runTask({ Overrides: {} })).rejects.toThrow('ContainerOverrides');
    expect(started).toEqual([]);
  });
});

describe('stopping listers', () => {
  it('counts none when none runs', async () => {
    expect(await listers.stopAll()).toBe(0);
    expect(listers.killOne()).toBe(false);
  });

  it('waits until they are gone, and counts them', async () => {
    const ended = listers.runTask(parameters).catch(() => 'failed');
    expect(await listers.stopAll()).toBe(1);
    expect(last().heard).toEqual(['stop']);
    expect(await ended).toBe('failed');
    expect(await listers.stopAll()).toBe(0);
  });

  it('does not wait for ever: as ECS does, it kills who does not stop in time', async () => {
    const ended = listers.runTask(parameters).catch(() => 'failed');
    last().obeys = false;
    const stopped = listers.stopAll();
    await clock.advance(29_000);
    expect(last().heard).toEqual(['stop']);
    await clock.advance(2_000);
    expect(await stopped).toBe(1);
    expect(last().heard).toEqual(['stop', 'kill']);
    expect(await ended).toBe('failed');
  });

  it('can be cut short', async () => {
    const ended = listers.runTask(parameters).catch(() => 'failed');
    last().obeys = false;
    const stopped = listers.stopAll();
    await listers.killAll();
    expect(await stopped).toBe(1);
    expect(await ended).toBe('failed');
  });

  it('kills one on purpose', async () => {
    const ended = listers.runTask(parameters).catch((error: Error) => error.message);
    expect(listers.killOne()).toBe(true);
    expect(await ended).toContain('SIGKILL');
  });
});
