import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../adapters/memory/clock.ts';
import type { Copier } from '../../../core/ports.ts';
import { openBudget } from '../../../core/transfer/budget.ts';
import { copyBatch } from '../../../core/transfer/copy-batch.ts';
import type { CopyResult } from '../../../core/transfer/copy-result.ts';
import { aBatch, aFile } from '../../support/builders.ts';
import { aResult, ScriptedCopier } from '../../support/scripted-copier.ts';

function parts(
  copier: Copier,
  changes: { halt?: AbortSignal; files?: number; bytes?: number; wentThrough?: boolean } = {},
) {
  const learnt: string[] = [];
  const { halt = new AbortController().signal, files = 10, bytes = 1000 } = changes;
  const budget = openBudget({ files, bytes });
  return {
    copier,
    budget,
    halt,
    clock: new ManualClock(5000),
    settings: { maxAttempts: 3 },
    learn: (seen: string) => void learnt.push(seen),
    refused: () => undefined,
    wentThrough: () => changes.wentThrough ?? false,
    learnt,
  };
}

async function resultOf(...given: Parameters<typeof copyBatch>) {
  const { result, still } = await copyBatch(...given);
  expect(still).toEqual([]);
  return result;
}

const row = { key: 'a', batch: '0000-0', carrier: 'rclone', endedAtMs: 5000, durationMs: 0, sizeBytes: 7 };
const file = aFile('a', { sizeBytes: 7 });

describe('a copy that ended in', () => {
  test.each<
    [CopyResult['result'], number, { row: object | null; goes: 'again' | 'back' | null; learns: string[] }]
  >([
    ['copied', 1, { row: { outcome: 'copied' }, goes: null, learns: ['copied'] }],
    ['copied', 3, { row: { outcome: 'copied' }, goes: null, learns: ['copied'] }],
    [
      'exception',
      1,
      {
        row: { outcome: 'exception', kind: 'source-denied', reason: 'it was exception' },
        goes: null,
        learns: [],
      },
    ],
    ['retry', 1, { row: { outcome: 'retried', reason: 'it was retry' }, goes: 'again', learns: [] }],
    ['retry', 2, { row: { outcome: 'retried', reason: 'it was retry' }, goes: 'again', learns: [] }],
    [
      'retry',
      3,
      {
        row: {
          outcome: 'exception',
          kind: 'exhausted',
          reason: '3 attempts failed, the last with: it was retry',
        },
        goes: null,
        learns: [],
      },
    ],
    [
      'throttled',
      1,
      { row: { outcome: 'retried', reason: 'it was throttled' }, goes: 'again', learns: ['throttled'] },
    ],
    [
      'throttled',
      4,
      {
        row: {
          outcome: 'exception',
          kind: 'exhausted',
          reason: '4 attempts failed, the last with: it was throttled',
        },
        goes: null,
        learns: ['throttled'],
      },
    ],
    ['credential', 1, { row: { outcome: 'retried', reason: 'it was credential' }, goes: 'back', learns: [] }],
    ['credential', 3, { row: { outcome: 'retried', reason: 'it was credential' }, goes: 'back', learns: [] }],
    ['blocked', 3, { row: { outcome: 'retried', reason: 'it was blocked' }, goes: 'back', learns: [] }],
    ['unfit', 3, { row: { outcome: 'retried', reason: 'it was unfit' }, goes: 'back', learns: [] }],
    ['stopped', 1, { row: null, goes: 'back', learns: [] }],
    ['stopped', 3, { row: null, goes: 'back', learns: [] }],
  ])('%s at attempt %d', async (result, attempt, expected) => {
    const given = parts(new ScriptedCopier(() => result));
    const ended = await resultOf(aBatch([file], { attempt }), given);
    expect(ended).toEqual({
      rows: expected.row === null ? [] : [{ ...row, attempt, ...expected.row }],
      again: expected.goes === 'again' ? [file] : [],
      back: expected.goes === 'back' ? [file] : [],
      refusal:
        result === 'credential' || result === 'blocked' || result === 'unfit'
          ? { by: result, side: 'source', reason: `it was ${result}` }
          : null,
      requests: { source: { GetObject: 1 }, destination: { PutObject: 1 } },
    });
    expect(given.learnt).toEqual(expected.learns);
    expect(given.budget.inFlight()).toEqual({ files: 0, bytes: 0 });
  });
});

test('a row tells the bytes that arrived and how long it took', async () => {
  const clock = new ManualClock(1000);
  const copier: Copier = {
    async copy() {
      await clock.advance(250);
      return { ...aResult('copied', file), sizeBytes: 9, carrier: 'direct' };
    },
  };
  const { rows } = await resultOf(aBatch([file]), { ...parts(copier), clock });
  expect(rows).toMatchObject([{ sizeBytes: 9, carrier: 'direct', endedAtMs: 1250, durationMs: 250 }]);
});

test('every file of a batch ends in exactly one place', async () => {
  const kinds: CopyResult['result'][] = ['copied', 'exception', 'retry', 'throttled', 'stopped'];
  const files = kinds.flatMap((kind) => [aFile(`${kind}/1`), aFile(`${kind}/2`)]);
  const copier = new ScriptedCopier((key) => kinds.find((kind) => key.startsWith(kind)) ?? 'copied');
  const { rows, again, back, requests } = await resultOf(aBatch(files), parts(copier));
  expect(back.map(({ key }) => key)).toEqual(['stopped/1', 'stopped/2']);
  expect(again.map(({ key }) => key)).toEqual(['retry/1', 'retry/2', 'throttled/1', 'throttled/2']);
  expect(rows.filter(({ outcome }) => outcome !== 'retried').map(({ key }) => key)).toEqual([
    'copied/1',
    'copied/2',
    'exception/1',
    'exception/2',
  ]);
  expect(requests).toEqual({ source: { GetObject: 10 }, destination: { PutObject: 10 } });
});

test('files that have not begun when credentials are refused go back without being tried', async () => {
  const copier = new ScriptedCopier((key) => (key === 'a' ? 'credential' : 'copied'));
  const files = [aFile('a'), aFile('b'), aFile('c')];
  const result = await resultOf(aBatch(files), parts(copier, { files: 1 }));
  expect(copier.copies).toEqual([{ key: 'a', attempt: 1 }]);
  expect(result.back).toEqual(files);
  expect(result.rows).toHaveLength(1);
  expect(result.refusal).toMatchObject({ by: 'credential', side: 'source' });
});

test.each([
  [1, { again: ['big'], outcome: 'retried' }],
  [3, { again: [], outcome: 'exception' }],
])(
  'an object that a store does not take while it takes others costs an attempt (attempt %d)',
  async (attempt, { again, outcome }) => {
    const copier = new ScriptedCopier((key) => (key === 'big' ? 'blocked' : 'copied'));
    const batch = aBatch([aFile('big'), aFile('small')], { attempt });
    const result = await resultOf(batch, parts(copier, { files: 1, wentThrough: true }));
    expect(result).toMatchObject({ back: [], refusal: null, again: again.map((key) => ({ key })) });
    expect(result.rows.map((each) => [each.key, each.outcome])).toEqual([
      ['big', outcome],
      ['small', 'copied'],
    ]);
  },
);

test('files that have not begun when the worker halts go back without being tried', async () => {
  const halt = new AbortController();
  const copier = new ScriptedCopier(() => {
    halt.abort();
    return 'stopped';
  });
  const files = [aFile('a'), aFile('b')];
  const result = await resultOf(aBatch(files), parts(copier, { files: 1, halt: halt.signal }));
  expect(copier.copies).toHaveLength(1);
  expect(result).toMatchObject({ rows: [], again: [], back: files });
});

test('no more is in flight than the budget allows, in files and in bytes', async () => {
  const slow = () =>
    new ScriptedCopier(async () => {
      await new Promise((resolve) => setImmediate(resolve));
      return 'copied' as const;
    });
  const files = Array.from({ length: 12 }, (_, index) => aFile(`k${index}`, { sizeBytes: 10 }));
  const byFiles = slow();
  await resultOf(aBatch(files), parts(byFiles, { files: 4 }));
  expect(byFiles.mostInFlight).toBe(4);
  const byBytes = slow();
  const { rows } = await resultOf(aBatch(files), parts(byBytes, { bytes: 47 }));
  expect(byBytes.mostInFlight).toBe(3);
  expect(rows).toHaveLength(12);
});

test('a batch that is handed on gives back what has not begun, and tells the rest when it ends', async () => {
  const handOn = new AbortController();
  const slow = Promise.withResolvers<'copied'>();
  const copier = new ScriptedCopier(async (key) => (key === 'slow' ? slow.promise : 'copied'));
  const files = [aFile('quick'), aFile('slow'), aFile('late')];
  const given = parts(copier, { files: 2 });
  await given.budget.acquire(0);
  const copying = copyBatch(aBatch(files), { ...given, handOn: handOn.signal });
  await new Promise((resolve) => setImmediate(resolve));
  handOn.abort();
  const { result, still } = await copying;
  expect(result.rows.map(({ key }) => key)).toEqual(['quick']);
  expect(result.back.map(({ key }) => key)).toEqual(['late']);
  expect(still.map(({ file }) => file.key)).toEqual(['slow']);
  slow.resolve('copied');
  expect((await still[0]?.ended)?.rows.map(({ key }) => key)).toEqual(['slow']);
  await new Promise((resolve) => setImmediate(resolve));
  expect(copier.copies.map(({ key }) => key)).toEqual(['quick', 'slow']);
  expect(result.rows).toHaveLength(1);
  expect(given.budget.inFlight().files).toBe(1);
});

test('what was too slow for a message that nobody else may have costs an attempt', async () => {
  const halt = new AbortController();
  const copier = new ScriptedCopier(() => {
    halt.abort();
    return 'stopped';
  });
  const given = parts(copier, { files: 1, halt: halt.signal });
  const result = await resultOf(aBatch([file, aFile('b')]), { ...given, tooSlow: halt.signal });
  expect(result).toMatchObject({ again: [{ key: 'a' }], back: [{ key: 'b' }] });
});
