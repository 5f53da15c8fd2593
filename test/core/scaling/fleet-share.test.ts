import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type FleetCount,
  type Hearing,
  hear,
  nextCount,
  shareOf,
} from '../../../core/scaling/fleet-share.ts';
import { sameEveryRun } from '../../support/hard-keys.ts';

const minute = 60_000;
const count = (changes: Partial<FleetCount> = {}): FleetCount => ({
  workers: 2,
  readAtMs: 10 * minute,
  sinceMs: minute,
  ...changes,
});
const maxWorkers = 20;

/** The share of a worker that heard this count at that time. */
function shareAfter(heard: FleetCount | null, startedAtMs: number, heardAtMs: number, nowMs = heardAtMs) {
  const hearing = hear(null, heard, { startedAtMs, nowMs: heardAtMs });
  return shareOf(hearing, { startedAtMs, maxWorkers, nowMs });
}

describe('a worker’s share of a ceiling', () => {
  it('is one in the most that there may be, while nobody counts the fleet', () => {
    expect(shareAfter(null, 0, minute)).toBe(1 / 20);
    expect(shareAfter(count(), 0, 16 * minute)).toBe(1 / 20);
  });

  it('is what few workers leave, once all of them have heard how few they are', () => {
    const first = hear(null, count({ readAtMs: 8 * minute }), { startedAtMs: 2 * minute, nowMs: 8 * minute });
    const later = hear(first, count(), { startedAtMs: 2 * minute, nowMs: 10 * minute });
    expect(shareOf(later, { startedAtMs: 2 * minute, maxWorkers, nowMs: 10 * minute })).toBe(0.45);
  });

  it('is next to nothing for a worker of which the others have not heard', () => {
    expect(shareAfter(count(), 9.9 * minute, 10 * minute)).toBeCloseTo(0.1 / 20, 12);
    expect(shareOf(null, { startedAtMs: 0, maxWorkers, nowMs: 0 })).toBeCloseTo(0.1 / 20, 12);
  });

  it('is one in the most that there may be for all that begin with the counting, until they are counted', () => {
    const first = count({ workers: 1, readAtMs: 9 * minute, sinceMs: 9 * minute });
    expect(shareAfter(first, 9.5 * minute, 10 * minute)).toBe(1 / 20);
    expect(shareAfter(first, 2 * minute, 11 * minute)).toBe(1 / 20);
  });

  it('falls back to one in the most that there may be, where it has not heard for long', () => {
    expect(shareAfter(count(), 2 * minute, 10 * minute, 12 * minute)).toBe(1 / 20);
  });

  it('is never below one in the most that there may be, in a full fleet', () => {
    expect(shareAfter(count({ workers: 20 }), 2 * minute, 10 * minute, 11.3 * minute)).toBe(
      Math.max(1 / 20, 0.9 / 20),
    );
  });

  it('begins anew after a long pause of the counting', () => {
    const before = count();
    expect(nextCount(before, 3, 11 * minute)).toEqual({ workers: 3, readAtMs: 11 * minute, sinceMs: minute });
    expect(nextCount(before, 3, 20 * minute)).toEqual({
      workers: 3,
      readAtMs: 20 * minute,
      sinceMs: 20 * minute,
    });
  });
});

type Worker = { fromMs: number; toMs: number; deaf: readonly boolean[] };

const worker: fc.Arbitrary<Worker> = fc
  .record({
    from: fc.integer({ min: 0, max: 60 }),
    lives: fc.integer({ min: 1, max: 60 }),
    offset: fc.integer({ min: 0, max: 11 }).map((each) => each * 5),
    deaf: fc.array(
      fc.integer({ min: 0, max: 4 }).map((each) => each === 0),
      { maxLength: 60 },
    ),
  })
  .map(({ from, lives, offset, deaf }) => ({
    fromMs: from * minute + offset * 1000,
    toMs: (from + lives) * minute,
    deaf,
  }));

it('leaves all shares together within the ceiling, whoever comes, goes, is deaf, or does not count', () => {
  fc.assert(
    fc.property(
      fc.array(worker, { minLength: 1, maxLength: 8 }),
      // Minutes in which nobody counts.
      fc.array(fc.integer({ min: 0, max: 70 }), { maxLength: 30 }),
      fc.integer({ min: 8, max: 30 }),
      (workers, silent, most) => {
        const hearings = new Map<Worker, Hearing>();
        let written: FleetCount | null = null;
        for (let nowMs = 0; nowMs <= 70 * minute; nowMs += 5000) {
          const alive = workers.filter(({ fromMs, toMs }) => fromMs <= nowMs && nowMs < toMs);
          if (nowMs % minute === 0 && !silent.includes(nowMs / minute))
            written = nextCount(written, alive.length, nowMs);
          for (const each of alive) {
            const readings = Math.floor((nowMs - each.fromMs) / minute);
            const reads = (nowMs - each.fromMs) % minute === 0 && each.deaf[readings] !== true;
            if (reads)
              hearings.set(
                each,
                hear(hearings.get(each) ?? null, written, { startedAtMs: each.fromMs, nowMs }),
              );
          }
          const sum = alive.reduce(
            (all, each) =>
              all +
              shareOf(hearings.get(each) ?? null, {
                startedAtMs: each.fromMs,
                maxWorkers: most,
                nowMs,
              }),
            0,
          );
          expect(sum).toBeLessThanOrEqual(1 + 1e-9);
        }
      },
    ),
    { ...sameEveryRun, numRuns: 500 },
  );
});
