import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openBudget } from '../../../core/transfer/budget.ts';
import { sameEveryRun } from '../../support/hard-keys.ts';

type Act =
  | { act: 'acquire'; bytes: number }
  | { act: 'release'; which: number }
  | { act: 'files'; files: number };

const act: fc.Arbitrary<Act> = fc.oneof(
  fc.record({ act: fc.constant('acquire' as const), bytes: fc.integer({ min: 0, max: 15 }) }),
  fc.record({ act: fc.constant('acquire' as const), bytes: fc.integer({ min: 0, max: 4 }) }),
  fc.record({ act: fc.constant('release' as const), which: fc.nat() }),
  fc.record({ act: fc.constant('files' as const), files: fc.integer({ min: 0, max: 5 }) }),
);

test('admits in order, as much as fits and never more, and starves nobody', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(act, { maxLength: 60, size: 'max' }), async (acts) => {
      const limitBytes = 10;
      let mostFiles = 3;
      const budget = openBudget({ files: mostFiles, bytes: limitBytes });
      const wanted: number[] = [];
      const admitted: number[] = [];
      const held: number[] = [];
      const settle = async () => {
        const before = admitted.length;
        await new Promise((resolve) => setImmediate(resolve));
        const { files, bytes } = budget.inFlight();
        held.push(...admitted.slice(before));
        expect({ files, bytes }).toEqual({
          files: held.length,
          bytes: held.reduce((sum, each) => sum + (wanted[each] ?? 0), 0),
        });
        // First come, first served.
        expect(admitted).toEqual(wanted.map((_, index) => index).slice(0, admitted.length));
        if (admitted.length > before && files > 1) {
          expect(files).toBeLessThanOrEqual(mostFiles);
          expect(bytes).toBeLessThanOrEqual(limitBytes);
        }
        // Whoever waits could not be admitted.
        const next = wanted[admitted.length];
        if (next !== undefined) {
          expect(files).toBeGreaterThan(0);
          expect(files >= mostFiles || bytes + next > limitBytes).toBe(true);
        }
      };
      for (const each of acts) {
        if (each.act === 'acquire') {
          const index = wanted.push(each.bytes) - 1;
          void budget.acquire(each.bytes).then(() => admitted.push(index));
        } else if (each.act === 'files') {
          mostFiles = Math.max(1, each.files);
          budget.setFiles(each.files);
        } else if (held.length > 0) {
          const [done = 0] = held.splice(each.which % held.length, 1);
          budget.release(wanted[done] ?? 0);
        }
        await settle();
      }
      while (held.length > 0) {
        budget.release(wanted[held.shift() ?? 0] ?? 0);
        await settle();
      }
      expect(admitted).toHaveLength(wanted.length);
    }),
    { ...sameEveryRun, numRuns: 200 },
  );
});

test('an object larger than the whole bound goes alone, after those before it and before those behind', async () => {
  const budget = openBudget({ files: 10, bytes: 10 });
  const order: string[] = [];
  const begin = (name: string, bytes: number) => budget.acquire(bytes).then(() => order.push(name));
  const waiting = [begin('small', 1), begin('giant', 100), begin('next', 1)];
  await waiting[0];
  expect(order).toEqual(['small']);
  budget.release(1);
  await waiting[1];
  expect(order).toEqual(['small', 'giant']);
  expect(budget.inFlight()).toEqual({ files: 1, bytes: 100 });
  budget.release(100);
  await waiting[2];
  expect(order).toEqual(['small', 'giant', 'next']);
});
