import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openBudget } from '../../../core/transfer/budget.ts';
import { sameEveryRun } from '../../support/hard-keys.ts';

type Act =
  | { act: 'acquire'; bytes: number }
  | { act: 'release'; which: number }
  | { act: 'files'; files: number };

const act: fc.Arbitrary<Act> = fc.oneof(
  fc.record({ act: fc.constant('acquire' as const), bytes: fc.integer({ min: 0, max: 240 }) }),
  fc.record({ act: fc.constant('acquire' as const), bytes: fc.integer({ min: 0, max: 10 }) }),
  fc.record({ act: fc.constant('release' as const), which: fc.nat() }),
  fc.record({ act: fc.constant('files' as const), files: fc.integer({ min: 0, max: 9 }) }),
);

/** Of 160 bytes, more than 10 is large; the large may take 120 of them. */
const limitBytes = 160;
const isLarge = (bytes: number) => bytes > 10;
const charged = (sizes: readonly number[]) => sizes.reduce((sum, bytes) => sum + Math.min(bytes, 120), 0);

test('admits each lane in order, as much as fits and never more, and starves nobody', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(act, { maxLength: 60, size: 'max' }), async (acts) => {
      let mostFiles = 4;
      const budget = openBudget({ files: mostFiles, bytes: limitBytes });
      const wanted: number[] = [];
      const admitted: number[] = [];
      const held: number[] = [];
      const sizes = (places: readonly number[]) => places.map((each) => wanted[each] ?? 0);
      const settle = async () => {
        const before = admitted.length;
        await new Promise((resolve) => setImmediate(resolve));
        held.push(...admitted.slice(before));
        const inFlight = sizes(held);
        const large = inFlight.filter(isLarge);
        const waiting = wanted.map((_, index) => index).filter((index) => !admitted.includes(index));
        expect(budget.inFlight()).toEqual({
          files: held.length,
          bytes: inFlight.reduce((sum, bytes) => sum + bytes, 0),
        });
        expect(budget.waiting().files).toBe(waiting.length);
        for (const lane of [true, false]) {
          const came = wanted
            .map((_, index) => index)
            .filter((index) => isLarge(wanted[index] ?? 0) === lane);
          const went = admitted.filter((index) => isLarge(wanted[index] ?? 0) === lane);
          expect(went).toEqual(came.slice(0, went.length));
        }
        expect(charged(inFlight)).toBeLessThanOrEqual(limitBytes);
        expect(charged(large)).toBeLessThanOrEqual(120);
        const manyLarge = Math.ceil((mostFiles * 3) / 4);
        if (admitted.length > before)
          expect(held.length).toBeLessThanOrEqual(mostFiles + (mostFiles - manyLarge));
        if (sizes(admitted.slice(before)).some(isLarge)) expect(large.length).toBeLessThanOrEqual(mostFiles);
        // Whoever waits could not be admitted: the small have a quarter of the bytes, the large the rest, and no more
        // is in the way than what was there before the first of the other lane came.
        if (held.length >= mostFiles) return;
        const [small, giant] = [false, true].map((lane) =>
          sizes(waiting).find((bytes) => isLarge(bytes) === lane),
        );
        if (small !== undefined) expect(charged(inFlight) - charged(large) + small).toBeGreaterThan(40);
        if (giant === undefined) return;
        const slots = small === undefined ? mostFiles : manyLarge;
        const noRoom = charged([...large, giant]) > 120 || charged([...inFlight, giant]) > limitBytes;
        expect(noRoom || large.length >= slots).toBe(true);
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

test('small objects go on beside a giant that takes hours, and past another one that waits', async () => {
  const budget = openBudget({ files: 4, bytes: 160 });
  await budget.acquire(10_000);
  let second = false;
  void budget.acquire(10_000).then(() => {
    second = true;
  });
  for (let n = 0; n < 100; n += 1) {
    await budget.acquire(10);
    budget.release(10);
  }
  expect(second).toBe(false);
  budget.release(10_000);
  await Promise.resolve();
  expect(second).toBe(true);
});

test('large objects have every place while there is nothing else, and a small one that comes then need not wait', async () => {
  const budget = openBudget({ files: 4, bytes: 160 });
  for (let n = 0; n < 4; n += 1) await budget.acquire(20);
  let fifth = false;
  void budget.acquire(20).then(() => {
    fifth = true;
  });
  await budget.acquire(1);
  let secondSmall = false;
  void budget.acquire(1).then(() => {
    secondSmall = true;
  });
  await Promise.resolve();
  expect({ inFlight: budget.inFlight().files, fifth, secondSmall }).toEqual({
    inFlight: 5,
    fifth: false,
    secondSmall: false,
  });
  budget.release(20);
  await Promise.resolve();
  expect({ fifth, secondSmall }).toEqual({ fifth: false, secondSmall: false });
  budget.release(20);
  await Promise.resolve();
  expect({ fifth, secondSmall }).toEqual({ fifth: true, secondSmall: false });
});

test('a giant waits only for the small ones that were there before it, however many come after', async () => {
  const budget = openBudget({ files: 100, bytes: 160 });
  for (let n = 0; n < 16; n += 1) await budget.acquire(10);
  let giant = false;
  void budget.acquire(10_000).then(() => {
    giant = true;
  });
  for (let n = 0; n < 12; n += 1) {
    expect(giant).toBe(false);
    void budget.acquire(10);
    budget.release(10);
    await Promise.resolve();
  }
  expect(giant).toBe(true);
});
