import { expect, test } from 'vitest';
import { type DrainWatch, watchDrain } from '../../../core/scaling/watch-drain.ts';

type Counts = DrainWatch['counts'];
const counts = (visible: number, inFlight: number, delayed: number): Counts => ({
  visible,
  inFlight,
  delayed,
});

/** Reads the queue once a second, from second 0. */
function watchReads(reads: readonly (Counts & { unlisted?: true })[]): DrainWatch {
  let watch: DrainWatch | null = null;
  reads.forEach(({ unlisted, ...read }, second) => {
    watch = watchDrain(watch, { counts: read, listed: unlisted !== true, nowMs: second * 1000 });
  });
  if (watch === null) throw new Error('a watch needs a read');
  return watch;
}

test('the first read begins the watch', () => {
  expect(watchReads([counts(3, 2, 1)])).toMatchObject({
    counts: counts(3, 2, 1),
    emptyReads: 0,
    readAtMs: 0,
    changedAtMs: 0,
    announcedAtMs: null,
  });
});

const nothing = counts(0, 0, 0);

test.each<[string, Parameters<typeof watchReads>[0], number]>([
  ['an empty queue counts', [nothing], 1],
  ['empty reads in a row add up', [counts(1, 0, 0), nothing, nothing], 2],
  ['a message that waits begins anew', [nothing, nothing, counts(1, 0, 0)], 0],
  ['a message in flight begins anew', [nothing, nothing, counts(0, 1, 0)], 0],
  ['a delayed message begins anew', [nothing, nothing, counts(0, 0, 1), nothing], 1],
  ['an empty queue says nothing while the listing goes on', [{ ...nothing, unlisted: true }], 0],
  ['reads before the end of the listing do not count', [{ ...nothing, unlisted: true }, nothing], 1],
])('drained: %s', (_, reads, emptyReads) => {
  expect(watchReads(reads).emptyReads).toBe(emptyReads);
});

test.each<[string, Parameters<typeof watchReads>[0], number]>([
  [
    'fewer messages are progress once two reads agree',
    [counts(9, 1, 0), counts(8, 1, 0), counts(8, 1, 0)],
    2,
  ],
  [
    'a queue that shrinks with every read moves',
    [counts(9, 1, 0), counts(8, 1, 0), counts(7, 1, 0), counts(6, 1, 0)],
    3,
  ],
  ['the same counts are none', [counts(9, 1, 0), counts(9, 1, 0), counts(9, 1, 0)], 0],
  [
    'messages that only change their place are none: dead credentials send the same work round and round',
    [counts(9, 1, 0), counts(9, 0, 1), counts(10, 0, 0), counts(8, 2, 0)],
    0,
  ],
  [
    'a message that is there twice while it is replaced is none when it is gone',
    [counts(9, 1, 0), counts(9, 1, 1), counts(9, 0, 1), counts(10, 0, 0)],
    0,
  ],
  [
    'one read that saw too few does not make the next ones look like a stall',
    [counts(9, 1, 0), counts(2, 0, 0), counts(9, 0, 0), counts(8, 0, 0), counts(8, 0, 0)],
    4,
  ],
  [
    'a first read that saw too few does not, either',
    [counts(5, 0, 0), counts(9, 0, 0), counts(9, 0, 0), counts(8, 0, 0), counts(8, 0, 0)],
    4,
  ],
  ['a rise is none', [counts(5, 0, 0), counts(9, 0, 0), counts(9, 0, 0)], 0],
  [
    'a new low after a rise is progress',
    [counts(5, 0, 0), counts(9, 0, 0), counts(9, 0, 0), counts(4, 0, 0), counts(4, 0, 0)],
    4,
  ],
  [
    'while the listing goes on every change is',
    [
      { ...counts(1, 0, 0), unlisted: true },
      { ...counts(5, 0, 0), unlisted: true },
      { ...counts(4, 1, 0), unlisted: true },
      counts(4, 1, 0),
    ],
    2,
  ],
  [
    'after the listing the queue is measured by what it left',
    [
      { ...counts(1, 0, 0), unlisted: true },
      { ...counts(9, 0, 0), unlisted: true },
      counts(8, 0, 0),
      counts(8, 0, 0),
    ],
    3,
  ],
])('progress: %s', (_, reads, changedAtSecond) => {
  expect(watchReads(reads).changedAtMs).toBe(changedAtSecond * 1000);
});

test('an announced stall stays announced until the queue moves', () => {
  const still = { ...watchReads([counts(2, 0, 0), counts(2, 0, 0)]), announcedAtMs: 1000 };
  const later = watchDrain(still, { counts: counts(1, 1, 0), listed: true, nowMs: 2000 });
  expect(later).toMatchObject({ changedAtMs: 0, announcedAtMs: 1000 });
  const lower = watchDrain(later, { counts: counts(1, 0, 0), listed: true, nowMs: 3000 });
  const moved = watchDrain(lower, { counts: counts(1, 0, 0), listed: true, nowMs: 4000 });
  expect(moved).toMatchObject({ changedAtMs: 4000, announcedAtMs: null });
});
