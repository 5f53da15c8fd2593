import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../adapters/memory/clock.ts';
import { MemoryJobStore } from '../../../adapters/memory/job-store.ts';
import { MemoryWorkQueue } from '../../../adapters/memory/work-queue.ts';
import { type BatchMessage, decodeBatch, encodeBatch } from '../../../core/batching/batch.ts';
import type { JobStore, WorkQueue } from '../../../core/ports.ts';
import type { BatchResult } from '../../../core/transfer/copy-batch.ts';
import type { OutcomeRow } from '../../../core/transfer/outcome.ts';
import { gatherTimeMs, openSettler } from '../../../core/transfer/settle.ts';
import { allOf } from '../../support/all-of.ts';
import { aBatch, aFile } from '../../support/builders.ts';
import { replacing } from '../../support/memory-buckets.ts';
import { filedExceptions, outcomeLog } from '../../support/outcome-log.ts';

const folder = 'migrations/m';

function aRow(key: string, changes: Partial<OutcomeRow> = {}): OutcomeRow {
  return {
    key,
    batch: '0000-0',
    attempt: 1,
    outcome: 'copied',
    sizeBytes: 10,
    carrier: 'rclone',
    endedAtMs: 1000,
    durationMs: 5,
    ...changes,
  };
}

function ended(changes: Partial<BatchResult>): BatchResult {
  return {
    rows: [],
    again: [],
    back: [],
    refusal: null,
    requests: { source: { GetObject: 1 }, destination: { PutObject: 1 } },
    ...changes,
  };
}

/** A settler on memory ports that notes every effect; `fail` lets the nth effect of a kind fail. */
function aSettler(
  fail: { effect?: 'write' | 'send' | 'delete'; nth?: number } = {},
  clock = new ManualClock(0, { selfMoving: true }),
  isCopying = () => false,
) {
  const queue = new MemoryWorkQueue(clock);
  const jobStore = new MemoryJobStore();
  const effects: string[] = [];
  let nth = 0;
  const note = (effect: 'write' | 'send' | 'delete', what: string) => {
    if (effect === fail.effect && ++nth === (fail.nth ?? 1)) throw new Error(`no ${effect}`);
    effects.push(what);
  };
  const watchedQueue: WorkQueue = replacing<WorkQueue>(queue, {
    async send(messages) {
      if (messages.length > 0) note('send', `send ${messages.length}`);
      return queue.send(messages);
    },
    async delete(receipts) {
      note('delete', `delete ${receipts.length}`);
      return queue.delete(receipts);
    },
  });
  const watchedJobStore: JobStore = replacing<JobStore>(jobStore, {
    async write(path, bytes, options) {
      note('write', `write ${path.slice('migrations/'.length)}`);
      return jobStore.write(path, bytes, options);
    },
  });
  const settler = openSettler(
    {
      queue: watchedQueue,
      jobStore: watchedJobStore,
      clock,
      log: () => undefined,
      settings: {
        worker: 'w',
        filesInFlight: 1,
        bytesInFlight: 1,
        messagesHeld: 1,
        leaseSeconds: 1000,
        pollSeconds: 0,
        maxAttempts: 3,
        retryBaseSeconds: 10,
      },
    },
    isCopying,
  );
  /** Sends the batch, takes it under a lease and settles it. */
  async function settle(batch: BatchMessage, result: Partial<BatchResult>): Promise<void> {
    await queue.send([{ body: encodeBatch(batch) }]);
    const [message] = await queue.receive({ max: 1, waitSeconds: 0, leaseSeconds: 1000 });
    await settler.settle({ batch, result: ended(result), receipt: message?.receipt ?? '' });
  }
  return { clock, queue, jobStore, effects, settler, settle };
}

const [a, b, c] = [aFile('a'), aFile('b'), aFile('c')];

test('outcomes are stored, then the remainder is queued, and only then is the message deleted', async () => {
  const { settle, effects, queue } = aSettler();
  const rows = [
    aRow('a'),
    aRow('b', { outcome: 'exception', kind: 'corrupt', reason: 'r' }),
    aRow('c', { outcome: 'retried', reason: 'r' }),
  ];
  await settle(aBatch([a, b, c]), { rows, again: [c] });
  expect(effects).toEqual([
    'write m/exceptions/0000/w-000001.jsonl.gz',
    'write m/outcomes/w/000001.jsonl.gz',
    'send 1',
    'delete 1',
  ]);
  expect(await queue.counts()).toEqual({ visible: 0, inFlight: 0, delayed: 1 });
});

describe('the remainder of a batch', () => {
  test.each<
    [string, number, Partial<BatchResult>, { keys: string[]; attempt: number; delaySeconds: number }[]]
  >([
    ['is nothing when every key has an outcome', 1, { rows: [aRow('a')] }, []],
    [
      'of failed keys is their next attempt, delayed',
      1,
      { again: [a, c] },
      [{ keys: ['a', 'c'], attempt: 2, delaySeconds: 10 }],
    ],
    ['waits longer with every attempt', 3, { again: [b] }, [{ keys: ['b'], attempt: 4, delaySeconds: 40 }]],
    [
      'of keys that were cut short is the same attempt, at once',
      2,
      { back: [b] },
      [{ keys: ['b'], attempt: 2, delaySeconds: 0 }],
    ],
    [
      'of refused credentials is the same attempt, delayed',
      2,
      { back: [a, b], refusal: { by: 'credential', side: 'source', reason: 'no' } },
      [{ keys: ['a', 'b'], attempt: 2, delaySeconds: 20 }],
    ],
    [
      'of both kinds is two messages',
      1,
      { again: [a], back: [b, c] },
      [
        { keys: ['b', 'c'], attempt: 1, delaySeconds: 0 },
        { keys: ['a'], attempt: 2, delaySeconds: 10 },
      ],
    ],
  ])('%s', async (_, attempt, result, messages) => {
    const { settle, queue, clock } = aSettler();
    const batch = aBatch([a, b, c], { attempt });
    await settle(batch, result);
    const settledAtMs = clock.nowMs();
    const found: { keys: string[]; attempt: number; delaySeconds: number }[] = [];
    for (const _ of messages) {
      const [message] = await queue.receive({ max: 1, waitSeconds: 900, leaseSeconds: 9000 });
      const { files, attempt, ...rest } = decodeBatch(message?.body ?? '');
      const { files: _files, attempt: _attempt, ...envelope } = batch;
      expect(rest).toEqual(envelope);
      found.push({
        keys: files.map(({ key }) => key),
        attempt,
        delaySeconds: (clock.nowMs() - settledAtMs) / 1000,
      });
    }
    expect(found).toEqual(messages);
    expect(await queue.counts()).toEqual({ visible: 0, inFlight: messages.length, delayed: 0 });
  });
});

describe('batches that end at the same time', () => {
  test('share one file of outcomes and one request to delete', async () => {
    const { settle, effects, jobStore } = aSettler();
    await Promise.all([
      settle(aBatch([a]), { rows: [aRow('a')] }),
      settle(aBatch([b]), { rows: [aRow('b')] }),
    ]);
    expect(effects).toEqual(['write m/outcomes/w/000001.jsonl.gz', 'delete 2']);
    const { rows } = await outcomeLog(jobStore, folder);
    expect(rows).toEqual([aRow('a'), aRow('b')]);
  });

  test('of different migrations and shards are filed under their own', async () => {
    const { settle, jobStore } = aSettler();
    const refused = (key: string) => aRow(key, { outcome: 'exception', kind: 'source-denied', reason: 'r' });
    await Promise.all([
      settle(aBatch([a], { shard: '0001' }), { rows: [refused('a')] }),
      settle(aBatch([b], { shard: '0002' }), { rows: [refused('b')] }),
      settle(aBatch([c], { shard: '0002' }), { rows: [aRow('c')] }),
      settle(aBatch([c], { folder: 'migrations/n' }), { rows: [aRow('c')] }),
    ]);
    expect(await filedExceptions(jobStore, folder, '0001')).toEqual([refused('a')]);
    expect(await filedExceptions(jobStore, folder, '0002')).toEqual([refused('b')]);
    expect((await outcomeLog(jobStore, folder)).rows).toEqual([refused('a'), refused('b'), aRow('c')]);
    expect((await outcomeLog(jobStore, 'migrations/n')).rows).toEqual([aRow('c')]);
  });
});

test('the newest file of a worker tells all that it did since it started', async () => {
  const { settle, jobStore } = aSettler();
  await settle(aBatch([a]), { rows: [aRow('a'), aRow('b', { outcome: 'retried' })] });
  await settle(aBatch([a]), {
    rows: [aRow('c', { endedAtMs: 1300 }), aRow('d', { outcome: 'exception', kind: 'corrupt' })],
  });
  const paths = await allOf(jobStore.list(''));
  expect(paths.filter((path) => path.includes('outcomes'))).toEqual([
    'migrations/m/outcomes/w/000001.jsonl.gz',
    'migrations/m/outcomes/w/000002.jsonl.gz',
  ]);
  const { totals } = await outcomeLog(jobStore, folder);
  expect(totals.map(({ copied }) => copied.objects)).toEqual([1, 2]);
  expect(totals.at(-1)).toEqual({
    worker: 'w',
    startedAtMs: 0,
    copied: { objects: 2, bytes: 20 },
    exceptions: 1,
    retried: 1,
    requests: { source: { GetObject: 2 }, destination: { PutObject: 2 } },
    throughput: [
      { startMs: 1000, widthMs: 250, objects: 1, bytes: 10 },
      { startMs: 1250, widthMs: 250, objects: 1, bytes: 10 },
    ],
  });
});

describe('a message stays when', () => {
  const rows = [aRow('a', { outcome: 'exception', kind: 'corrupt', reason: 'r' })];

  test.each<['write' | 'send' | 'delete', number, string[]]>([
    ['write', 1, []],
    ['write', 2, ['write m/exceptions/0000/w-000001.jsonl.gz']],
    ['send', 1, ['write m/exceptions/0000/w-000001.jsonl.gz', 'write m/outcomes/w/000001.jsonl.gz']],
    [
      'delete',
      1,
      ['write m/exceptions/0000/w-000001.jsonl.gz', 'write m/outcomes/w/000001.jsonl.gz', 'send 1'],
    ],
  ])('there is no %s (%d), and nothing is done after it', async (effect, nth, effects) => {
    const settler = aSettler({ effect, nth });
    await expect(settler.settle(aBatch([a, b]), { rows, again: [b] })).rejects.toThrow(`no ${effect}`);
    expect(settler.effects).toEqual(effects);
    expect((await settler.queue.counts()).inFlight).toBe(1);
    await settler.settle(aBatch([c]), { rows: [aRow('c')] });
    expect((await outcomeLog(settler.jobStore, folder)).rows).toContainEqual(aRow('c'));
    expect((await settler.queue.counts()).inFlight).toBe(1);
  });
});

test('closing waits for what is being settled', async () => {
  const clock = new ManualClock();
  const { settle, settler, effects } = aSettler({}, clock);
  const settling = settle(aBatch([a]), { rows: [aRow('a')] });
  await clock.advance(100);
  const closing = settler.close();
  expect(effects).toEqual([]);
  await clock.advance(100);
  await closing;
  expect(effects.at(-1)).toBe('delete 1');
  await settling;
  await settler.close();
});

describe('while other batches are being copied, a batch that has ended', () => {
  const copying = { now: true };

  test('waits five seconds for others, so that they share one file', async () => {
    copying.now = true;
    const clock = new ManualClock();
    const { settle, effects } = aSettler({}, clock, () => copying.now);
    const first = settle(aBatch([a]), { rows: [aRow('a')] });
    await clock.advance(4000);
    const second = settle(aBatch([b]), { rows: [aRow('b')] });
    await clock.advance(999);
    expect(effects).toEqual([]);
    await clock.advance(1);
    await Promise.all([first, second]);
    expect(effects).toEqual(['write m/outcomes/w/000001.jsonl.gz', 'delete 2']);
  });

  test('waits no longer when the gathering is full', async () => {
    copying.now = true;
    const clock = new ManualClock();
    const { settle, effects } = aSettler({}, clock, () => copying.now);
    const all = Array.from({ length: 50 }, () => settle(aBatch([a]), { rows: [aRow('a')] }));
    await clock.advance(200);
    await Promise.all(all);
    expect(effects.at(-1)).toBe('delete 50');
    expect(clock.nowMs()).toBe(200);
  });

  test.each(['hurry', 'close'] as const)('waits no longer when told to %s', async (how) => {
    copying.now = true;
    const clock = new ManualClock();
    const { settle, settler, effects } = aSettler({}, clock, () => copying.now);
    const settling = settle(aBatch([a]), { rows: [aRow('a')] });
    await clock.advance(1000);
    expect(effects).toEqual([]);
    void settler[how]();
    await settling;
    expect(effects.at(-1)).toBe('delete 1');
    expect(clock.nowMs()).toBe(1000);
  });
});

test.each([
  [2, 200],
  [12, 1000],
  [60, 5000],
  [43_200, 5000],
])('out of a lease of %d s a batch waits at most %d ms for others', (leaseSeconds, milliseconds) => {
  expect(gatherTimeMs(leaseSeconds)).toBe(milliseconds);
});
