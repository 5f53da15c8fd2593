import { expect, it } from 'vitest';
import { systemClock } from '../../../adapters/system-clock.ts';

it('sleeps no longer than the signal lets it, even for years', async () => {
  const stop = new AbortController();
  const sleeping = systemClock.sleep(10 * 365 * 24 * 60 * 60 * 1000, stop.signal);
  const early = await Promise.race([sleeping.then(() => 'woke'), systemClock.sleep(20).then(() => 'asleep')]);
  expect(early).toBe('asleep');
  stop.abort();
  await sleeping;
  await systemClock.sleep(60_000, stop.signal);
});

it('sleeps at least as long as told', async () => {
  const before = performance.now();
  await systemClock.sleep(30);
  expect(performance.now() - before).toBeGreaterThan(28);
  await systemClock.sleep(0);
  await systemClock.sleep(-5);
});
