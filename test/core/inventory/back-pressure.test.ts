import { expect, test } from 'vitest';
import { ManualClock } from '../../../adapters/memory/clock.ts';
import { openBackPressure } from '../../../core/inventory/back-pressure.ts';

function opened(visible: readonly number[], signal = new AbortController().signal) {
  const left = [...visible];
  const clock = new ManualClock();
  const events: [string, unknown][] = [];
  let asked = 0;
  const queue = {
    async counts() {
      asked += 1;
      return { visible: left.shift() ?? 0, inFlight: 999, delayed: 999 };
    },
  };
  const pressure = openBackPressure({
    queue,
    clock,
    log: (event, fields) => void events.push([event, fields]),
    signal,
    mostWaiting: 100,
  });
  return { pressure, clock, events, asked: () => asked };
}

test('a short queue is asked for its counts only now and then, and lets the listing on at once', async () => {
  const { pressure, events, asked } = opened([100, 100]);
  await pressure.sent(99);
  expect(asked()).toBe(0);
  await pressure.sent(1);
  expect(asked()).toBe(1);
  await pressure.sent(99);
  expect(asked()).toBe(1);
  expect(events).toEqual([]);
});

test('a long queue holds everybody until it has shrunk to four fifths, and says so once', async () => {
  const { pressure, clock, events, asked } = opened([101, 90, 81, 80]);
  const passed: string[] = [];
  const first = pressure.sent(100).then(() => passed.push('first'));
  const second = pressure.sent(1).then(() => passed.push('second'));
  await clock.advance(30_000);
  expect([passed, asked()]).toEqual([[], 3]);
  await clock.advance(15_000);
  await Promise.all([first, second]);
  expect([passed.length, asked()]).toEqual([2, 4]);
  expect(events).toEqual([['listing-paused', { waiting: 101, most: 100 }]]);
});

test('a listing that is stopped does not wait for the queue', async () => {
  const stop = new AbortController();
  const { pressure, clock } = opened([500, 500, 500], stop.signal);
  const sent = pressure.sent(100);
  await clock.advance(15_000);
  stop.abort();
  await sent;
  expect(clock.sleeping()).toBe(0);
});

test('a queue that cannot be read fails the listing', async () => {
  const clock = new ManualClock();
  const counts = async (): Promise<never> => {
    throw new Error('no queue');
  };
  const { signal } = new AbortController();
  const pressure = openBackPressure({
    queue: { counts },
    clock,
    log: () => undefined,
    signal,
    mostWaiting: 1,
  });
  await expect(pressure.sent(1)).rejects.toThrow('no queue');
});
