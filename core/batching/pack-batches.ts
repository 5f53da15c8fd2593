import { fileText } from '../json-text.ts';
import type { BatchFile } from './batch.ts';

/** What a batch may hold. `messageBytes` is what is left of a message beside its envelope. */
export type BatchLimits = { maxObjects: number; maxBytes: number; messageBytes: number };

/** A full batch: its files, and the same as `fileText`. `partition` is there when all files are of that one. */
export type PackedBatch = { files: readonly BatchFile[]; texts: readonly string[]; partition?: number };

/** Packs files into batches as they come. */
export type Packer = {
  /** Takes a file and returns the batches that are complete now: none, one, or several after a giant or a resume. */
  add(file: BatchFile): readonly PackedBatch[];
  /** Returns what is begun as a last batch. */
  flush(): readonly PackedBatch[];
  /** What is begun and not yet returned, for a checkpoint. */
  pending(): readonly BatchFile[];
};

/** What most files complete; the same for all, since it is returned for each listed key. */
const noBatches: readonly PackedBatch[] = [];

/**
 * Opens a packer: no batch holds more than `maxObjects` files, `maxBytes` bytes or `messageBytes` of text,
 * except that one file larger than `maxBytes` rides alone; nothing is lost or reordered otherwise.
 * `pending` are files of an earlier packer that it had not returned; under tighter limits than it had they
 * may fill batches of their own, which the next `add` or `flush` returns.
 */
export function openPacker(limits: BatchLimits, pending: readonly BatchFile[] = []): Packer {
  let files: BatchFile[] = [];
  let texts: string[] = [];
  let bytes = 0;
  let text = 0;

  function take(): readonly PackedBatch[] {
    if (files.length === 0) return noBatches;
    const batch = { files, texts };
    files = [];
    texts = [];
    bytes = 0;
    text = 0;
    return [batch];
  }

  function add(file: BatchFile): readonly PackedBatch[] {
    const own = fileText(file);
    if (file.sizeBytes > limits.maxBytes) return [{ files: [file], texts: [own] }];
    const full = bytes + file.sizeBytes > limits.maxBytes || text + own.length + 1 > limits.messageBytes;
    const complete = full ? take() : noBatches;
    files.push(file);
    texts.push(own);
    bytes += file.sizeBytes;
    text += own.length + 1;
    return files.length < limits.maxObjects ? complete : [...complete, ...take()];
  }

  // Files of an earlier packer that fill batches of their own under these limits stay pending until they are returned.
  const early = pending.flatMap(add);
  const full = pending.filter((file) => !files.includes(file));
  let waiting: { files: readonly BatchFile[]; batches: readonly PackedBatch[] } = {
    files: full,
    batches: early,
  };
  function takeWaiting(): readonly PackedBatch[] {
    const { batches } = waiting;
    waiting = { files: [], batches: noBatches };
    return batches;
  }

  return {
    add: (file) => (waiting.batches.length === 0 ? add(file) : [...takeWaiting(), ...add(file)]),
    flush: () => [...takeWaiting(), ...take()],
    pending: () => [...waiting.files, ...files],
  };
}
