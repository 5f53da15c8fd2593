import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ManualClock } from '../../../adapters/memory/clock.ts';
import { openRateLimit } from '../../../core/transfer/rate-limit.ts';

const never = new AbortController().signal;

test('what is taken keeps to the rate, whoever asks and whenever', async () => {
  const asks = fc.array(
    fc.record({ pauseMs: fc.integer({ min: 0, max: 3000 }), amount: fc.integer({ min: 1, max: 40 }) }),
    {
      maxLength: 30,
    },
  );
  await fc.assert(
    fc.asyncProperty(asks, fc.integer({ min: 1, max: 100 }), async (all, perSecond) => {
      const clock = new ManualClock(0);
      const limit = openRateLimit(clock, perSecond);
      const taken: { atMs: number; amount: number }[] = [];
      const done: Promise<void>[] = [];
      for (const { pauseMs, amount } of all) {
        await clock.advance(pauseMs);
        done.push(limit.take(amount, never).then(() => void taken.push({ atMs: clock.nowMs(), amount })));
      }
      await clock.advance(10_000_000);
      await Promise.all(done);
      expect(taken.map(({ amount }) => amount)).toEqual(all.map(({ amount }) => amount));
      for (const [first, { atMs: fromMs }] of taken.entries()) {
        let sum = 0;
        for (const { atMs, amount } of taken.slice(first)) {
          // All but the last one are paid off by then.
          expect(sum).toBeLessThanOrEqual(((atMs - fromMs) / 1000) * perSecond + 1e-6);
          sum += amount;
        }
      }
    }),
    { seed: 7, numRuns: 50 },
  );
});

test('time that nobody used is not saved up', async () => {
  const clock = new ManualClock(0);
  const limit = openRateLimit(clock, 10);
  await clock.advance(60_000);
  let taken = 0;
  for (let n = 0; n < 3; n++) void limit.take(10, never).then(() => (taken += 1));
  await clock.advance(0);
  expect(taken).toBe(1);
  await clock.advance(1000);
  expect(taken).toBe(2);
});

test('what was used beyond what was taken is waited for by the next one', async () => {
  const clock = new ManualClock(0);
  const limit = openRateLimit(clock, 10);
  await limit.take(1, never);
  limit.add(19);
  let taken = false;
  void limit.take(1, never).then(() => (taken = true));
  await clock.advance(1999);
  expect(taken).toBe(false);
  await clock.advance(1);
  expect(taken).toBe(true);
});

test('a wait ends when the signal aborts', async () => {
  const stop = new AbortController();
  const limit = openRateLimit(new ManualClock(0), 1);
  await limit.take(1000, stop.signal);
  const waiting = limit.take(1, stop.signal);
  stop.abort();
  await waiting;
});
