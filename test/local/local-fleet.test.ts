import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../adapters/memory/clock.ts';
import { systemClock } from '../../adapters/system-clock.ts';
import type { QueueCounts } from '../../core/ports.ts';
import { type Child, type LogLine, startChild } from '../../local/child.ts';
import { LocalFleet } from '../../local/local-fleet.ts';
import { isRunning, until } from '../support/processes.ts';

/** A worker that does what a test says. */
class Worker implements Child {
  readonly pid = 0;
  readonly ended: Child['ended'];
  stops = 0;
  killed = false;
  /** Whether it ends when it is asked to. */
  obeys = true;
  end: (how: { code: number | null; signal: NodeJS.Signals | null }) => void = () => undefined;

  constructor() {
    this.ended = new Promise((resolve) => {
      this.end = resolve;
    });
  }
  stop(): void {
    this.stops += 1;
    if (this.obeys) this.end({ code: 0, signal: null });
  }
  kill(): void {
    this.killed = true;
    this.end({ code: null, signal: 'SIGKILL' });
  }
}

const tickMs = 500;
let clock: ManualClock;
let workers: Worker[];
let notices: string[];
let backlog: QueueCounts | Error;
let fleet: LocalFleet;
let obedient: boolean;

beforeEach(() => {
  clock = new ManualClock(1_000_000);
  workers = [];
  notices = [];
  backlog = { visible: 0, inFlight: 0, delayed: 0 };
  obedient = true;
  fleet = new LocalFleet({
    startWorker: () => {
      const worker = new Worker();
      worker.obeys = obedient;
      workers.push(worker);
      return worker;
    },
    counts: async () => {
      if (backlog instanceof Error) throw backlog;
      return backlog;
    },
    clock,
    most: 4,
    batchesPerWorker: 4,
    graceSeconds: 30,
    onNotice: (notice) => notices.push(notice),
  });
});
const wait = (visible: number, inFlight = 0) => {
  backlog = { visible, inFlight, delayed: 0 };
};
const ticks = (count: number) => clock.advance(count * tickMs);
const open = (maximum = 4) => fleet.setBounds({ minimum: 1, maximum, desired: 1 });

describe('a local fleet', () => {
  it('runs nobody until it is raised', async () => {
    wait(100);
    await ticks(5);
    expect(workers).toHaveLength(0);
    expect(await fleet.size()).toEqual({ desired: 0, running: 0 });
  });

  it('starts its first worker at once', async () => {
    await open();
    expect(await fleet.size()).toEqual({ desired: 1, running: 1 });
  });

  it.each([
    [1, 0, 1],
    [4, 0, 1],
    [5, 0, 2],
    [3, 5, 2],
    [12, 0, 3],
    [1000, 100, 4],
  ])('with %i batches waiting and %i in flight runs %i workers', async (visible, inFlight, running) => {
    await open();
    wait(visible, inFlight);
    await ticks(2);
    expect(await fleet.size()).toEqual({ desired: running, running });
  });

  it('never runs more than the request allows', async () => {
    await open(2);
    wait(1000);
    await ticks(10);
    expect(await fleet.size()).toEqual({ desired: 2, running: 2 });
  });

  it('never runs more than the machine may, whatever the request allows', async () => {
    await open(1000);
    wait(1000);
    await ticks(10);
    expect(await fleet.size()).toEqual({ desired: 4, running: 4 });
  });

  it('lets workers go only after a calm that lasts', async () => {
    await open();
    wait(16);
    await ticks(2);
    wait(1);
    await ticks(5);
    expect((await fleet.size()).running).toBe(4);
    wait(16);
    await ticks(1);
    wait(1);
    await ticks(5);
    expect((await fleet.size()).running).toBe(4);
    await ticks(1);
    expect(await fleet.size()).toEqual({ desired: 1, running: 1 });
    expect(workers.map(({ stops }) => stops).sort()).toEqual([0, 1, 1, 1]);
  });

  it('keeps its workers while the queue does not answer', async () => {
    await open();
    wait(8);
    await ticks(2);
    backlog = new Error('ECONNREFUSED');
    await ticks(20);
    expect(await fleet.size()).toEqual({ desired: 2, running: 2 });
  });

  it('goes down to nobody when it is told, and counts those who are still leaving', async () => {
    obedient = false;
    await open();
    wait(8);
    await ticks(2);
    await fleet.setBounds({ minimum: 0, maximum: 0, desired: 0 });
    expect(await fleet.size()).toEqual({ desired: 0, running: 2 });
    for (const worker of workers) worker.end({ code: 0, signal: null });
    await ticks(3);
    expect(await fleet.size()).toEqual({ desired: 0, running: 0 });
    expect(workers).toHaveLength(2);
    expect(notices).toEqual([]);
  });

  it('can be raised again', async () => {
    await open();
    await fleet.setBounds({ minimum: 0, maximum: 0, desired: 0 });
    await ticks(1);
    await open();
    expect(await fleet.size()).toEqual({ desired: 1, running: 1 });
  });
});

describe('a worker that ends by itself', () => {
  it('is named, and another one takes its place', async () => {
    await open();
    wait(1);
    await clock.advance(60_000);
    workers[0]?.end({ code: null, signal: 'SIGKILL' });
    await ticks(2);
    expect(notices).toEqual([
      'worker 1 ended (SIGKILL); its batches come back and another worker takes them',
    ]);
    expect(workers).toHaveLength(2);
    expect((await fleet.size()).running).toBe(1);
  });

  it('again and again is started more and more slowly, and never more rarely than every half a minute', async () => {
    const startsMs: number[] = [];
    let seen = 0;
    await open();
    wait(1);
    for (let step = 0; step < 1000; step++) {
      if (workers.length > seen) {
        seen = workers.length;
        startsMs.push(clock.nowMs());
        workers.at(-1)?.end({ code: 1, signal: null });
      }
      await ticks(1);
    }
    const pauses = startsMs.slice(1).map((atMs, index) => atMs - (startsMs[index] ?? 0));
    expect(pauses.slice(0, 4)).toEqual([500, 2000, 4500, 8000]);
    expect(Math.max(...pauses)).toBe(30_000);
    expect(pauses.at(-1)).toBe(30_000);
  });

  it('after a good while does not slow down the next', async () => {
    await open();
    wait(1);
    for (let life = 0; life < 5; life++) {
      await clock.advance(10_000);
      workers.at(-1)?.end({ code: 1, signal: null });
      await ticks(1);
    }
    expect(workers).toHaveLength(6);
  });

  it('is replaced when it was killed on purpose', async () => {
    expect(fleet.killOne()).toBe(false);
    await open();
    wait(1);
    await clock.advance(10_000);
    expect(fleet.killOne()).toBe(true);
    await ticks(2);
    expect(workers.map(({ killed }) => killed)).toEqual([true, false]);
  });
});

describe('the end', () => {
  it('asks everybody to stop and waits for them', async () => {
    obedient = false;
    await open();
    wait(8);
    await ticks(2);
    let closed = false;
    const closing = fleet.close('gently').then(() => {
      closed = true;
    });
    await ticks(4);
    expect([closed, workers.map(({ stops }) => stops)]).toEqual([false, [1, 1]]);
    for (const worker of workers) worker.end({ code: 0, signal: null });
    await closing;
    expect(workers.some(({ killed }) => killed)).toBe(false);
  });

  it('kills everybody when it has to be at once', async () => {
    obedient = false;
    await open();
    await fleet.close('at-once');
    expect(workers.map(({ killed }) => killed)).toEqual([true]);
  });

  it('may come at once after it was to come gently', async () => {
    obedient = false;
    await open();
    const closing = fleet.close('gently');
    await fleet.close('at-once');
    await closing;
    expect(workers.map(({ stops, killed }) => [stops, killed])).toEqual([[1, true]]);
  });

  it('does not wait for ever: who does not stop in time is killed', async () => {
    obedient = false;
    await open();
    const closing = fleet.close('gently');
    await clock.advance(29_000);
    expect(workers[0]?.killed).toBe(false);
    await clock.advance(2000);
    await closing;
    expect(workers[0]?.killed).toBe(true);
  });

  it('also comes for who was let go and does not leave', async () => {
    obedient = false;
    await open();
    await fleet.setBounds({ minimum: 0, maximum: 0, desired: 0 });
    await clock.advance(31_000);
    expect(workers[0]?.killed).toBe(true);
    expect((await fleet.size()).running).toBe(0);
  });

  it('is final: a step that is late does not raise the fleet again', async () => {
    await fleet.close('gently');
    await open();
    wait(100);
    await ticks(5);
    expect(workers).toHaveLength(0);
  });
});

describe('workers that are processes', () => {
  it('take what they started with them', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'drover-fleet-'));
    const lines: LogLine[] = [];
    const real = new LocalFleet({
      startWorker: (number) =>
        startChild(
          '../test/support/children/actor',
          { ACT: 'parent' },
          join(folder, `${number}.log`),
          (line) => lines.push(line),
        ),
      counts: async () => ({ visible: 1, inFlight: 0, delayed: 0 }),
      clock: systemClock,
      most: 1,
      batchesPerWorker: 1,
      graceSeconds: 10,
      onNotice: () => undefined,
    });
    const pidsOf = (event: string) =>
      lines.filter((line) => line.event === event).map((line) => Number(line['pid']));
    await real.setBounds({ minimum: 1, maximum: 1, desired: 1 });
    await until('the first worker is ready', () => pidsOf('ready').length === 1);
    real.killOne();
    await until('the second worker is ready', () => pidsOf('ready').length === 2);
    const [first = 0, second = 0] = pidsOf('grandchild');
    await until('what the first one started is gone', () => !isRunning(first));
    expect(isRunning(second)).toBe(true);
    await real.close('at-once');
    await until('what the second one started is gone', () => !isRunning(second));
    expect(pidsOf('ready').some(isRunning)).toBe(false);
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  });
});
