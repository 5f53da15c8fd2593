import { partitionOf } from '../partition/partition-of.ts';
import type { BatchFile } from './batch.ts';
import { type BatchLimits, openPacker, type PackedBatch, type Packer } from './pack-batches.ts';

/** What a batch may hold, and how many partitions there are; null = none. */
export type PackingLimits = BatchLimits & { partitions: number | null };

/**
 * Files of one range that wait for their batches, over all partitions. They are in memory and in every checkpoint, times
 * the ranges that are listed at once; as many as a page of the source are no burden there.
 */
export const mostPending = 1000;

/**
 * Opens the packer that the limits ask for: one for all files, or one that puts files of one partition only into a
 * batch. That one keeps at most `mostPending` files waiting: when there are more, the fullest batch goes as it is, so
 * that with N partitions it holds at least 1000 / N files.
 */
export function openPackerFor(limits: PackingLimits, pending: readonly BatchFile[] = []): Packer {
  const { partitions } = limits;
  if (partitions === null) return openPacker(limits, pending);
  const packers = new Map<number, { packer: Packer; waiting: number }>();
  let waiting = 0;

  function of(partition: number, files: readonly BatchFile[] = []) {
    const known = packers.get(partition);
    if (known !== undefined) return known;
    const opened = { packer: openPacker(limits, files), waiting: files.length };
    packers.set(partition, opened);
    waiting += files.length;
    return opened;
  }

  /** Counts what left the packer, and marks it. */
  function gone(partition: number, batches: readonly PackedBatch[]): PackedBatch[] {
    const files = batches.reduce((sum, batch) => sum + batch.files.length, 0);
    of(partition).waiting -= files;
    waiting -= files;
    return batches.map((batch) => ({ ...batch, partition }));
  }

  function flushFullest(): PackedBatch[] {
    const [fullest] = [...packers].toSorted(([, a], [, b]) => b.waiting - a.waiting);
    return fullest === undefined ? [] : gone(fullest[0], fullest[1].packer.flush());
  }

  for (const [partition, files] of Map.groupBy(pending, ({ key }) => partitionOf(key, partitions)))
    of(partition, files);

  return {
    add(file) {
      const partition = partitionOf(file.key, partitions);
      const own = of(partition);
      own.waiting += 1;
      waiting += 1;
      const complete = gone(partition, own.packer.add(file));
      while (waiting > mostPending) complete.push(...flushFullest());
      return complete;
    },
    flush: () => [...packers].flatMap(([partition, { packer }]) => gone(partition, packer.flush())),
    pending: () => [...packers.values()].flatMap(({ packer }) => packer.pending()),
  };
}
