import { expect, test } from 'vitest';
import { ManualClock } from '../../../adapters/memory/clock.ts';
import { MemoryWorkQueue } from '../../../adapters/memory/work-queue.ts';
import { keepLease } from '../../../core/transfer/lease.ts';
import { replacing } from '../../support/memory-buckets.ts';

const leaseSeconds = 60;

/** A message under a lease that is kept, and all that was asked and said about it. */
async function leased(failures = 0) {
  const clock = new ManualClock();
  const inner = new MemoryWorkQueue(clock);
  const extendedAtMs: number[] = [];
  const logged: string[] = [];
  const queue = replacing(inner, {
    async extend(receipt, seconds) {
      extendedAtMs.push(clock.nowMs());
      expect(seconds).toBeLessThanOrEqual(leaseSeconds);
      if (extendedAtMs.length <= failures) throw new Error('timed out');
      return inner.extend(receipt, seconds);
    },
  });
  await inner.send([{ body: 'a' }]);
  const [message] = await inner.receive({ max: 1, waitSeconds: 0, leaseSeconds });
  const receipt = message?.receipt ?? '';
  const lease = keepLease(receipt, leaseSeconds, {
    queue,
    clock,
    log: (event) => void logged.push(event),
  });
  const others = () => inner.receive({ max: 1, waitSeconds: 0, leaseSeconds: 1 });
  return { clock, lease, extendedAtMs, logged, others, inner, receipt };
}

test('a lease is extended at half its length, for as long as the work takes', async () => {
  const { clock, lease, extendedAtMs, others, logged } = await leased();
  await clock.advance(29_999);
  expect(extendedAtMs).toEqual([]);
  await clock.advance(1);
  expect(extendedAtMs).toEqual([30_000]);
  await clock.advance(270_000);
  expect(extendedAtMs).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((half) => half * 30_000));
  expect(await others()).toEqual([]);
  lease.end();
  await clock.advance(59_999);
  expect(await others()).toEqual([]);
  await clock.advance(1);
  expect(await others()).toHaveLength(1);
  expect(extendedAtMs).toHaveLength(10);
  expect(logged).toEqual([]);
  expect(clock.sleeping()).toBe(0);
});

test('a lost lease is said once and not asked for again', async () => {
  const { clock, extendedAtMs, logged, inner, receipt } = await leased();
  await clock.advance(60_000);
  await inner.release([receipt]);
  await clock.advance(600_000);
  expect(extendedAtMs).toEqual([30_000, 60_000, 90_000]);
  expect(logged).toEqual(['lease-lost']);
  expect(clock.sleeping()).toBe(0);
});

test('an extension that fails is said, and asked for again before the lease runs out', async () => {
  const { clock, lease, extendedAtMs, logged, others } = await leased(2);
  await clock.advance(120_000);
  expect(extendedAtMs).toEqual([30_000, 37_500, 45_000, 75_000, 105_000]);
  expect(logged).toEqual(['lease-extension-failed', 'lease-extension-failed']);
  expect(await others()).toEqual([]);
  lease.end();
});

test('a lease that was ended is not extended by what was under way', async () => {
  const { clock, lease, extendedAtMs } = await leased();
  lease.end();
  await clock.advance(600_000);
  expect(extendedAtMs).toEqual([]);
});

test('a lease that nears 12 hours says so half an hour before, and is asked for no longer than there is', async () => {
  const { clock, lease, logged, others, extendedAtMs } = await leased();
  await clock.advance(41_399_000);
  expect(lease.nearsEnd.aborted).toBe(false);
  await clock.advance(1000);
  expect(lease.nearsEnd.aborted).toBe(true);
  await clock.advance(1_700_000);
  expect({ lost: lease.lost.aborted, logged }).toEqual({ lost: false, logged: [] });
  expect(await others()).toEqual([]);
  await clock.advance(100_000);
  expect({ lost: lease.lost.aborted, logged }).toEqual({ lost: true, logged: ['lease-lost'] });
  expect(extendedAtMs.at(-1)).toBeLessThan(43_140_000);
  expect(clock.sleeping()).toBe(0);
});
