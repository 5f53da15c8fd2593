import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { partRange, planParts, runsOf } from '../../../../core/transfer/fleet-parts/plan-parts.ts';
import { sameEveryRun } from '../../../support/hard-keys.ts';

const mebibyte = 1024 ** 2;
const gibibyte = 1024 ** 3;
const usual = { leastPartBytes: 64 * mebibyte, runBytes: 2 * gibibyte };

describe('an object is cut', () => {
  test.each([
    // size, MiB of a part, parts, parts of a run, runs
    [16 * gibibyte, 64, 256, 32, 8],
    [100 * gibibyte, 64, 1600, 32, 50],
    [625 * gibibyte, 64, 10_000, 32, 313],
    [625 * gibibyte + 1, 65, 9847, 31, 318],
    [1024 * gibibyte, 105, 9987, 19, 526],
    [5_000_000_000_000, 477, 9997, 4, 2500],
    [5 * 1024 * gibibyte, 525, 9987, 3, 3329],
  ])(
    'of %i bytes into parts of %i MiB: %i of them, %i a run, %i runs',
    (sizeBytes, mib, parts, partsPerRun, runs) => {
      expect(planParts(sizeBytes, usual)).toEqual({ partBytes: mib * mebibyte, parts, partsPerRun, runs });
    },
  );

  test('so that its runs hold each byte once, in at most 10,000 parts', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 * 1024 ** 4 }), (sizeBytes) => {
        const plan = planParts(sizeBytes, usual);
        const runs = runsOf({ uploadId: 'u', sizeBytes, ...plan });
        expect(runs).toHaveLength(plan.runs);
        expect(plan.parts).toBeLessThanOrEqual(10_000);
        let next = 1;
        for (const { firstPart, lastPart } of runs) {
          expect(firstPart).toBe(next);
          next = lastPart + 1;
        }
        expect(next).toBe(plan.parts + 1);
        expect(runs.reduce((sum, run) => sum + run.sizeBytes, 0)).toBe(sizeBytes);
        expect(partRange(plan.parts, { sizeBytes, ...plan }).last).toBe(sizeBytes - 1);
      }),
      sameEveryRun,
    );
  });
});
