import { expect, it, test } from 'vitest';
import { ManualClock } from '../../../adapters/memory/clock.ts';
import type { BatchFile, BatchMessage } from '../../../core/batching/batch.ts';
import type { Copier } from '../../../core/ports.ts';
import type { CopyResult } from '../../../core/transfer/copy-result.ts';
import { sourceRequestsOf, withinLimits } from '../../../core/transfer/within-limits.ts';
import { aBatch, aFile } from '../../support/builders.ts';

const never = new AbortController().signal;
const within = (copier: Copier, clock: ManualClock, fromBytes?: number) =>
  withinLimits(copier, {
    clock,
    ceilings: async ({ limits }) => limits,
    ...(fromBytes !== undefined && { fromBytes }),
  });
const limits = (requestsPerSecond: number | null, bandwidthBytesPerSecond: number | null) => ({
  requestsPerSecond,
  bandwidthBytesPerSecond,
});

/** Tells when each copy began; a copy takes no time. */
function told(clock: ManualClock, made: { requests?: number; bytes?: number } = {}) {
  const begun: number[] = [];
  const copier: Copier = {
    async copy(file): Promise<CopyResult> {
      begun.push(clock.nowMs());
      const requests = { source: { GetObject: (made.requests ?? 2) - 1 }, destination: { PutObject: 1 } };
      return { carrier: 'direct', requests, sizeBytes: made.bytes ?? file.sizeBytes, result: 'copied' };
    },
  };
  return { copier, begun };
}

async function copyAll(copier: Copier, clock: ManualClock, files: BatchFile[], batch: Partial<BatchMessage>) {
  const whole = { ...aBatch(files), ...batch };
  const copies = files.map((file) => copier.copy(file, whole, never));
  await clock.advance(1_000_000);
  await Promise.all(copies);
}

const files = (count: number, sizeBytes = 100) =>
  Array.from({ length: count }, (_, n) => ({ ...aFile(`k${n}`), sizeBytes }));

test('without ceilings nothing waits', async () => {
  const clock = new ManualClock(0);
  const { copier, begun } = told(clock);
  await copyAll(within(copier, clock), clock, files(100), { limits: limits(null, null) });
  expect(begun).toEqual(Array(100).fill(0));
});

test('requests to the source keep to the ceiling', async () => {
  const clock = new ManualClock(0);
  const { copier, begun } = told(clock);
  await copyAll(within(copier, clock), clock, files(5), {
    limits: limits(2, null),
    objectTags: 'ignore',
  });
  expect(begun).toEqual([0, 500, 1000, 1500, 2000]);
});

test('reading tags is a request more', async () => {
  const clock = new ManualClock(0);
  const { copier, begun } = told(clock, { requests: 3 });
  await copyAll(within(copier, clock), clock, files(3), {
    limits: limits(2, null),
    objectTags: 'copy',
  });
  expect(begun).toEqual([0, 1000, 2000]);
});

test('bytes keep to the ceiling, and a large object is paid off by those who follow', async () => {
  const clock = new ManualClock(0);
  const { copier, begun } = told(clock);
  const mixed = [...files(1, 5000), ...files(2, 1000)];
  await copyAll(within(copier, clock), clock, mixed, { limits: limits(null, 1000) });
  expect(begun).toEqual([0, 5000, 6000]);
});

test.each([
  ['requests that were repeated', { requests: 4 }, limits(1, null)],
  ['bytes that were more than listed', { bytes: 3000 }, limits(null, 1000)],
])('%s count as well', async (_, made, ceilings) => {
  const clock = new ManualClock(0);
  const { copier, begun } = told(clock, made);
  const paced = within(copier, clock);
  const [file = aFile('k')] = files(1);
  const batch = { ...aBatch([file]), limits: ceilings, objectTags: 'ignore' as const };
  await paced.copy(file, batch, never);
  const second = paced.copy(file, batch, never);
  await clock.advance(3000);
  await second;
  expect(begun).toEqual([0, 3000]);
});

test('an object that is only split takes no bytes, and a run of its parts takes its own', async () => {
  const clock = new ManualClock(0);
  const { copier, begun } = told(clock, { bytes: 0 });
  const paced = within(copier, clock, 10_000);
  const [giant = aFile('k')] = files(1, 50_000);
  const run = { uploadId: 'u', index: 0, firstPart: 1, lastPart: 2, sizeBytes: 4000 };
  const split = { ...aBatch([giant]), limits: limits(null, 1000) };
  const all = [
    paced.copy(giant, split, never),
    paced.copy(giant, { ...split, run }, never),
    paced.copy(giant, split, never),
  ];
  await clock.advance(100_000);
  await Promise.all(all);
  expect(begun).toEqual([0, 0, 4000]);
});

test('a stop ends the wait, and the copy is told of it', async () => {
  const clock = new ManualClock(0);
  const signals: boolean[] = [];
  const copier: Copier = {
    async copy(_, __, signal): Promise<CopyResult> {
      signals.push(signal.aborted);
      const requests = { source: {}, destination: {} };
      return {
        carrier: 'direct',
        requests,
        sizeBytes: 0,
        result: 'stopped',
        side: 'unknown',
        reason: 'stop',
      };
    },
  };
  const stop = new AbortController();
  const paced = within(copier, clock);
  const [file = aFile('k')] = files(1);
  const batch = { ...aBatch([file]), limits: limits(1, null) };
  await paced.copy(file, batch, stop.signal);
  const second = paced.copy(file, batch, stop.signal);
  stop.abort();
  expect((await second).result).toBe('stopped');
  expect(signals).toEqual([false, true]);
});

test('a request that another copy reports is not counted twice', async () => {
  const clock = new ManualClock(0, { selfMoving: true });
  const begun: number[] = [];
  // Of every two copies the first to end reports the requests of both.
  const copier: Copier = {
    async copy(file): Promise<CopyResult> {
      begun.push(clock.nowMs());
      const GetObject = begun.length % 2 === 1 ? 2 : 0;
      const requests = { source: { GetObject }, destination: {} };
      return { carrier: 'direct', requests, sizeBytes: file.sizeBytes, result: 'copied' };
    },
  };
  const paced = within(copier, clock);
  const [file = aFile('k')] = files(1);
  const batch = { ...aBatch([file]), limits: limits(1, null), objectTags: 'ignore' as const };
  for (let n = 0; n < 10; n++) await paced.copy(file, batch, never);
  expect(begun.at(-1)).toBe(10_000);
});

test('a ceiling that changes holds from then on, and what was used before stays counted', async () => {
  const clock = new ManualClock(0);
  const { copier, begun } = told(clock);
  let perSecond = 1;
  const paced = withinLimits(copier, { clock, ceilings: async () => limits(perSecond, null) });
  const [file = aFile('k')] = files(1);
  const batch = { ...aBatch([file]), objectTags: 'ignore' as const };
  const first = [paced.copy(file, batch, never), paced.copy(file, batch, never)];
  await clock.advance(1000);
  perSecond = 10;
  const second = [paced.copy(file, batch, never), paced.copy(file, batch, never)];
  await clock.advance(5000);
  await Promise.all([...first, ...second]);
  expect(begun).toEqual([0, 1000, 2000, 2100]);
});

it.each([
  ['a small object takes one request to the source', 4096, 'ignore', 1],
  ['its tags take another', 4096, 'copy', 2],
  ['a large one takes one for each part, and three to look at it', 512 * 1024 * 1024, 'ignore', 11],
] as const)('%s', (_, sizeBytes, objectTags, requests) => {
  expect(sourceRequestsOf({ sizeBytes }, { objectTags })).toBe(requests);
});
