import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { asciiJson, type BatchFile } from '../../../core/batching/batch.ts';
import { type BatchLimits, openPacker as open } from '../../../core/batching/pack-batches.ts';
import { aFile } from '../../support/builders.ts';
import { anyKey, sameEveryRun } from '../../support/hard-keys.ts';

const file = fc
  .tuple(anyKey(30), fc.integer({ min: 0, max: 30 }))
  .map(([key, sizeBytes]) => aFile(key, { sizeBytes }));
const limits: fc.Arbitrary<BatchLimits> = fc.record({
  maxObjects: fc.integer({ min: 1, max: 6 }),
  maxBytes: fc.integer({ min: 1, max: 40 }),
  messageBytes: fc.integer({ min: 150, max: 800 }),
});

/** A packer whose batches are just their files, after a look at the texts beside them. */
function openPacker(limits: BatchLimits, pending: readonly BatchFile[] = []) {
  const packer = open(limits, pending);
  const filesOf = (batches: ReturnType<typeof packer.flush>) =>
    batches.map(({ files, texts }) => {
      expect(texts).toEqual(files.map(asciiJson));
      return [...files];
    });
  return {
    add: (file: BatchFile) => filesOf(packer.add(file)),
    flush: () => filesOf(packer.flush()),
    pending: () => packer.pending(),
  };
}

const textOf = (files: readonly BatchFile[]) => asciiJson(files).length - 1;
const bytesOf = (files: readonly BatchFile[]) => files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);

test('nothing is lost or doubled, and no batch is over its limits but that of a lone file', () => {
  fc.assert(
    fc.property(limits, fc.array(file, { maxLength: 40 }), (limits, files) => {
      const packer = openPacker(limits);
      const batches = [...files.flatMap((each) => packer.add(each)), ...packer.flush()];
      const numbered = new Map(files.map((each, index) => [each, index]));
      const order = batches.flat().map((each) => numbered.get(each) ?? -1);
      expect(order.toSorted((a, b) => a - b)).toEqual(files.map((_, index) => index));
      for (const batch of batches) {
        expect(batch.length).toBeGreaterThan(0);
        expect(batch.length).toBeLessThanOrEqual(limits.maxObjects);
        if (batch.length === 1) continue;
        expect(bytesOf(batch)).toBeLessThanOrEqual(limits.maxBytes);
        expect(textOf(batch)).toBeLessThanOrEqual(limits.messageBytes);
      }
      // Only giants overtake: everything else leaves in the order it came.
      const ordinary = batches.flat().filter(({ sizeBytes }) => sizeBytes <= limits.maxBytes);
      expect(ordinary).toEqual(files.filter(({ sizeBytes }) => sizeBytes <= limits.maxBytes));
    }),
    { ...sameEveryRun, numRuns: 500 },
  );
});

test('what is pending and what was returned are always everything', () => {
  fc.assert(
    fc.property(limits, fc.array(file, { maxLength: 20 }), (limits, files) => {
      const packer = openPacker(limits);
      const returned: BatchFile[] = [];
      files.forEach((each, index) => {
        returned.push(...packer.add(each).flat());
        const all = new Set([...returned, ...packer.pending()]);
        expect(all.size).toBe(index + 1);
        expect(returned.length + packer.pending().length).toBe(index + 1);
        expect(packer.pending().length).toBeLessThan(limits.maxObjects);
      });
      expect(packer.flush().flat()).toHaveLength(files.length - returned.length);
      expect(packer.pending()).toEqual([]);
      expect(packer.flush()).toEqual([]);
    }),
    { ...sameEveryRun, numRuns: 300 },
  );
});

test('a packer that goes on with what was pending packs as if it had not been interrupted', () => {
  fc.assert(
    fc.property(limits, fc.array(file, { maxLength: 20 }), fc.nat(20), (limits, files, at) => {
      const whole = openPacker(limits);
      const first = openPacker(limits);
      const expected = [...files.flatMap((each) => whole.add(each)), ...whole.flush()];
      const before = files.slice(0, at).flatMap((each) => first.add(each));
      const second = openPacker(limits, structuredClone(first.pending()));
      const after = files.slice(at).flatMap((each) => second.add(each));
      expect([...before, ...after, ...second.flush()]).toEqual(expected);
    }),
    { ...sameEveryRun, numRuns: 300 },
  );
});

test('a packer that goes on under other limits loses nothing of what was pending', () => {
  fc.assert(
    fc.property(limits, limits, fc.array(file, { maxLength: 20 }), file, (before, now, files, next) => {
      const first = openPacker(before);
      for (const each of files) first.add(each);
      const pending = [...first.pending()];
      const second = openPacker(now, pending);
      expect(second.pending()).toHaveLength(pending.length);
      const batches = [...second.add(next), ...second.flush()];
      expect(new Set(batches.flat())).toEqual(new Set([...pending, next]));
      expect(batches.flat()).toHaveLength(pending.length + 1);
      for (const batch of batches) expect(batch.length).toBeLessThanOrEqual(now.maxObjects);
      expect(second.pending()).toEqual([]);
    }),
    { ...sameEveryRun, numRuns: 300 },
  );
});

describe('a batch', () => {
  const wide: BatchLimits = { maxObjects: 3, maxBytes: 10, messageBytes: 100_000 };
  const sizes = (batches: BatchFile[][]) => batches.map((batch) => batch.map(({ sizeBytes }) => sizeBytes));
  const packed = (limits: BatchLimits, wanted: number[]) => {
    const packer = openPacker(limits);
    const complete = wanted.map((sizeBytes) => sizes(packer.add(aFile('k', { sizeBytes }))));
    return [...complete, sizes(packer.flush())];
  };

  test.each<[string, number[], number[][][]]>([
    ['is complete with its last object', [1, 1, 1, 1], [[], [], [[1, 1, 1]], [], [[1]]]],
    ['is complete before the object that would exceed its bytes', [6, 4, 1], [[], [], [[6, 4]], [[1]]]],
    ['takes an object of exactly its bytes', [10, 0], [[], [], [[10, 0]]]],
    ['of a giant is its own, and the one that is begun goes on', [1, 11, 1], [[], [[11]], [], [[1, 1]]]],
    ['of nothing is none', [], [[]]],
  ])('%s', (_, wanted, batches) => {
    expect(packed(wide, wanted)).toEqual(batches);
  });

  test('is complete before the object whose name would not fit the message', () => {
    const packer = openPacker({ maxObjects: 100, maxBytes: 100, messageBytes: 300 });
    expect(packer.add(aFile('a'.repeat(20)))).toEqual([]);
    expect(packer.add(aFile('\ufffe'.repeat(20)))).toEqual([[aFile('a'.repeat(20))]]);
    expect(packer.pending()).toEqual([aFile('\ufffe'.repeat(20))]);
  });
});
