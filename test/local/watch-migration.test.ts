import { beforeEach, describe, expect, it } from 'vitest';
import type { LogLine } from '../../local/child.ts';
import type { StateEvent } from '../../local/interpret.ts';
import { MigrationWatch } from '../../local/watch-migration.ts';

const nothing = { objects: 0, bytes: 0 };
const tallies = {
  transfer: { objects: 10, bytes: 1000 },
  unchanged: { objects: 3, bytes: 30 },
  kept: { objects: 2, bytes: 20 },
  excluded: { objects: 4, bytes: 40 },
  exception: { objects: 1, bytes: 9 },
};
const line = (event: string, fields: Record<string, unknown> = {}): LogLine => ({
  at: 'now',
  event,
  ...fields,
});
const settled = (objects: number, exceptions = 0, retried = 0): LogLine =>
  line('settled', { copied: { objects, bytes: objects * 100 }, exceptions, retried });
const state = (moment: StateEvent['moment'], name: string, atMs: number, type = 'Task'): StateEvent => ({
  moment,
  name,
  type,
  atMs,
  error: null,
});
let watch: MigrationWatch;
beforeEach(() => {
  watch = new MigrationWatch('exit-ibm', 1000);
});
const picture = () => watch.snapshot(5000);

describe('the picture of a migration', () => {
  it('begins with nothing', () => {
    expect(picture()).toEqual({
      migration: 'exit-ibm',
      nowMs: 5000,
      startedAtMs: 1000,
      states: [],
      listed: nothing,
      listingFinished: false,
      toCopy: nothing,
      unchanged: nothing,
      excluded: nothing,
      copied: nothing,
      exceptions: 0,
      retried: 0,
      verified: 0,
      toVerify: 0,
      backlog: { visible: 0, inFlight: 0, delayed: 0 },
      workers: { running: 0, desired: 0 },
      notice: null,
    });
  });

  it('shows what the lister has listed, as of its last word', () => {
    watch.lister(line('listed', { tallies: { ...tallies, transfer: nothing } }));
    watch.lister(line('listed', { tallies, objects: 20, bytes: 1099 }));
    expect(picture()).toMatchObject({
      listed: { objects: 20, bytes: 1099 },
      toCopy: { objects: 10, bytes: 1000 },
      unchanged: { objects: 5, bytes: 50 },
      excluded: { objects: 4, bytes: 40 },
      exceptions: 1,
      listingFinished: false,
    });
  });

  it('adds up what the workers did, each by its last word, a lost one’s too', () => {
    watch.worker('worker-1', settled(1));
    watch.worker('worker-1', settled(5, 1, 2));
    watch.worker('worker-2', settled(2, 0, 1));
    expect(picture()).toMatchObject({ copied: { objects: 7, bytes: 700 }, exceptions: 1, retried: 3 });
  });

  it('counts what the lister and the workers gave up together', () => {
    watch.lister(line('listed', { tallies }));
    watch.worker('worker-1', settled(1, 4));
    expect(picture().exceptions).toBe(5);
  });

  it('shows the backlog and the fleet as they were read last', () => {
    watch.backlog({ visible: 9, inFlight: 1, delayed: 0 }, { running: 1, desired: 3 });
    watch.backlog({ visible: 2, inFlight: 3, delayed: 4 }, { running: 3, desired: 3 });
    expect(picture()).toMatchObject({
      backlog: { visible: 2, inFlight: 3, delayed: 4 },
      workers: { running: 3, desired: 3 },
    });
  });

  it('knows a listing that was complete before this run began', () => {
    watch.listed(tallies);
    watch.toVerify(20);
    expect(picture()).toMatchObject({ listed: { objects: 20 }, listingFinished: true, toVerify: 20 });
  });
});

describe('the path', () => {
  it('is the tasks and maps with their times, and no other state', () => {
    for (const event of [
      state('entered', 'Take request', 1, 'Pass'),
      state('left', 'Take request', 2, 'Pass'),
      state('entered', 'Preflight', 3),
      state('left', 'Preflight', 5),
      state('entered', 'Is everything drained?', 6, 'Choice'),
      state('entered', 'Verify', 7, 'Map'),
    ])
      watch.state(event);
    expect(picture().states).toEqual([
      { name: 'Preflight', startedAtMs: 3, endedAtMs: 5, failed: false },
      { name: 'Verify', startedAtMs: 7, endedAtMs: null, failed: false },
    ]);
  });

  it('shows a state that fails now as failed, and as well again when a retry went well', () => {
    watch.state(state('entered', 'Judge', 1));
    watch.state(state('failed', 'Judge', 2));
    expect(watch.states()).toEqual([{ name: 'Judge', startedAtMs: 1, endedAtMs: null, failed: true }]);
    watch.state(state('left', 'Judge', 9));
    expect(watch.states()).toEqual([{ name: 'Judge', startedAtMs: 1, endedAtMs: 9, failed: false }]);
  });

  it('keeps a state as failed whose error was caught, for the report', () => {
    for (const [moment, atMs] of [
      ['entered', 1],
      ['failed', 2],
      ['caught', 2],
      ['left', 2],
    ] as const)
      watch.state(state(moment, 'Judge', atMs));
    expect(watch.states()).toEqual([{ name: 'Judge', startedAtMs: 1, endedAtMs: 2, failed: true }]);
  });

  it('has a state twice that was entered twice', () => {
    for (const round of [0, 10]) {
      watch.state(state('entered', 'Drain', round + 1));
      watch.state(state('left', 'Drain', round + 2));
    }
    expect(watch.states().map(({ startedAtMs, endedAtMs }) => [startedAtMs, endedAtMs])).toEqual([
      [1, 2],
      [11, 12],
    ]);
  });

  it('says when the listing is complete, and not when it failed', () => {
    watch.state(state('entered', 'List source', 1));
    watch.state(state('failed', 'List source', 2));
    watch.state(state('caught', 'List source', 2));
    expect(picture().listingFinished).toBe(false);
    watch.state(state('entered', 'List source', 3));
    watch.state(state('left', 'List source', 4));
    expect(picture().listingFinished).toBe(true);
  });

  it('counts what was verified from the beginning in each round', () => {
    watch.state(state('entered', 'Verify', 1, 'Map'));
    watch.verified(5);
    watch.verified(6);
    expect(picture().verified).toBe(11);
    watch.state(state('left', 'Verify', 2, 'Map'));
    watch.state(state('entered', 'Verify', 3, 'Map'));
    expect(picture().verified).toBe(0);
  });

  it('is a copy: who looks at it cannot change it', () => {
    watch.state(state('entered', 'Drain', 1));
    for (const seen of watch.states()) seen.failed = true;
    expect(watch.states()[0]?.failed).toBe(false);
  });
});

describe('lines of the log', () => {
  it.each([
    [
      line('credentials-refused', { side: 'source' }),
      'the source refuses the credentials: workers wait until the secrets are mended',
    ],
    [line('lease-lost'), 'a lease was lost: its batch may be copied twice, which is harmless'],
    [line('message-unreadable'), 'the queue holds a message that is no batch; it will be set aside'],
    [
      line('batch-unsettled', { reason: 'disk full' }),
      'a batch could not be put on record and comes back: disk full',
    ],
    [line('listing-failed', { message: 'the source refuses' }), 'the source refuses'],
  ])('%j is told', (said, notice) => {
    watch.worker('worker-1', said);
    expect(picture().notice).toBe(notice);
    const other = new MigrationWatch('x', 0);
    other.lister(said);
    expect(other.snapshot(0).notice).toBe(notice);
  });

  it.each([
    ['an event nobody knows', line('something-new', { copied: 5 })],
    ['a listing without tallies', line('listed', { objects: 5 })],
    ['a listing with half of them', line('listed', { tallies: { transfer: nothing } })],
    ['a worker’s word that is none', line('settled', { copied: 'many' })],
    ['a name that every object has', line('constructor')],
    ['and another', line('toString')],
  ])('are ignored: %s', (_, said) => {
    const before = picture();
    watch.worker('worker-1', said);
    watch.lister(said);
    expect(picture()).toEqual(before);
  });

  it('hold until the next remarkable thing happens', () => {
    watch.notice('worker 1 ended (SIGKILL)');
    watch.worker('worker-1', settled(1));
    expect(picture().notice).toBe('worker 1 ended (SIGKILL)');
    watch.worker('worker-1', line('lease-lost'));
    expect(picture().notice).toMatch(/^a lease was lost/);
  });
});
