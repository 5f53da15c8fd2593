import { expect, it } from 'vitest';
import { ManualClock } from '../../../adapters/memory/clock.ts';
import { MemoryWorkQueue } from '../../../adapters/memory/work-queue.ts';
import { workQueueConformance } from '../../conformance/work-queue.ts';

workQueueConformance('memory', async () => {
  const clock = new ManualClock();
  return {
    queue: new MemoryWorkQueue(clock),
    passSeconds: (seconds) => clock.advance(seconds * 1000),
    close: async () => undefined,
  };
});

it('wakes a receiver at the moment that a lease of another ends', async () => {
  const clock = new ManualClock();
  const queue = new MemoryWorkQueue(clock);
  await queue.send([{ body: 'a' }]);
  await queue.receive({ max: 1, waitSeconds: 0, leaseSeconds: 7 });
  let wokenAtMs: number | null = null;
  const waiting = queue.receive({ max: 1, waitSeconds: 20, leaseSeconds: 7 }).then((messages) => {
    wokenAtMs = clock.nowMs();
    return messages;
  });
  await clock.advance(6_999);
  expect(wokenAtMs).toBeNull();
  await clock.advance(1);
  expect(await waiting).toMatchObject([{ body: 'a', receiveCount: 2 }]);
  expect(wokenAtMs).toBe(7_000);
});

it('gives up waiting when the time is over', async () => {
  const clock = new ManualClock(0, { selfMoving: true });
  const queue = new MemoryWorkQueue(clock);
  expect(await queue.receive({ max: 1, waitSeconds: 20, leaseSeconds: 7 })).toEqual([]);
  expect(clock.nowMs()).toBe(20_000);
});
