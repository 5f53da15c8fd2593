import { expect, it } from 'vitest';
import { ManualClock } from '../../../adapters/memory/clock.ts';

it('wakes sleepers in the order of their times, each at its own', async () => {
  const clock = new ManualClock(1_000);
  const woken: [string, number][] = [];
  const sleep = async (name: string, ms: number) => {
    await clock.sleep(ms);
    woken.push([name, clock.nowMs()]);
  };
  const sleepers = [sleep('late', 300), sleep('early', 100), sleep('never', 301)];
  expect(clock.sleeping()).toBe(3);
  await clock.advance(300);
  await Promise.all(sleepers.slice(0, 2));
  expect(woken).toEqual([
    ['early', 1_100],
    ['late', 1_300],
  ]);
  expect(clock.sleeping()).toBe(1);
});

it('lets a sleeper that was woken sleep again within the same advance', async () => {
  const clock = new ManualClock();
  const woken: number[] = [];
  const loop = async () => {
    while (woken.length < 3) {
      await clock.sleep(10);
      woken.push(clock.nowMs());
    }
  };
  const looping = loop();
  await clock.advance(100);
  await looping;
  expect(woken).toEqual([10, 20, 30]);
});

it('ends a sleep when the signal aborts', async () => {
  const clock = new ManualClock();
  const stop = new AbortController();
  const sleeping = clock.sleep(1_000, stop.signal);
  stop.abort();
  await sleeping;
  await clock.sleep(1_000, stop.signal);
  expect(clock.nowMs()).toBe(0);
});

it('moves by itself where told to', async () => {
  const clock = new ManualClock(5, { selfMoving: true });
  await clock.sleep(1_000);
  expect(clock.nowMs()).toBe(1_005);
});
