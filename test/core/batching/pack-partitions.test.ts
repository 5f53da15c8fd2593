import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BatchFile } from '../../../core/batching/batch.ts';
import { mostPending, openPackerFor } from '../../../core/batching/pack-partitions.ts';
import { fileText } from '../../../core/json-text.ts';
import { partitionOf } from '../../../core/partition/partition-of.ts';
import { sameEveryRun } from '../../support/hard-keys.ts';

const fileOf = (key: string, sizeBytes = 1): BatchFile => ({
  key,
  to: key,
  sizeBytes,
  etag: null,
  modifiedAtMs: 0,
  storageClass: null,
});
const limitsOf = (partitions: number | null, maxObjects = 20) => ({
  maxObjects,
  maxBytes: 1000,
  messageBytes: 60_000,
  partitions,
});
const files = (count: number) => Array.from({ length: count }, (_, n) => fileOf(`dir/object-${n}`));

describe('packing by partition', () => {
  it('puts files of one partition only into a batch, loses none, and survives a restart at any file', () => {
    const sizes = fc.integer({ min: 0, max: 1200 });
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string({ minLength: 1 }), { maxLength: 80 }),
        fc.array(sizes, { minLength: 80, maxLength: 80 }),
        fc.integer({ min: 1, max: 9 }),
        fc.nat(80),
        (keys, bytes, partitions, restartAt) => {
          const all = keys.map((key, n) => fileOf(key, bytes[n]));
          let packer = openPackerFor(limitsOf(partitions, 3));
          const batches = all.flatMap((file, n) => {
            if (n === restartAt) packer = openPackerFor(limitsOf(partitions, 3), packer.pending());
            return packer.add(file);
          });
          batches.push(...packer.flush());
          expect(packer.pending()).toEqual([]);
          for (const { files, texts, partition } of batches) {
            expect(files.length).toBeLessThanOrEqual(3);
            expect(texts).toEqual(files.map(fileText));
            expect(files.map(({ key }) => partitionOf(key, partitions))).toEqual(files.map(() => partition));
          }
          const packed = batches.flatMap((batch) => batch.files.map(({ key }) => key));
          expect(packed.toSorted()).toEqual(keys.toSorted());
        },
      ),
      sameEveryRun,
    );
  });

  it('keeps no more files waiting than a checkpoint may hold, and sends the fullest batches to make room', () => {
    const packer = openPackerFor(limitsOf(100));
    const sizes: number[] = [];
    for (const file of files(20_000)) {
      sizes.push(...packer.add(file).map((batch) => batch.files.length));
      expect(packer.pending().length).toBeLessThanOrEqual(mostPending);
    }
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(mostPending / 100);
  });

  it('keeps to the bound also where a checkpoint of other limits held more', () => {
    const packer = openPackerFor(limitsOf(100, 1000), files(3000));
    expect(packer.pending()).toHaveLength(3000);
    packer.add(fileOf('one more'));
    expect(packer.pending().length).toBeLessThanOrEqual(mostPending);
  });

  it('packs all files together where there are no partitions', () => {
    const packer = openPackerFor(limitsOf(null));
    const batches = files(20).flatMap((file) => packer.add(file));
    expect(batches).toHaveLength(1);
    expect(batches[0]).not.toHaveProperty('partition');
  });
});
