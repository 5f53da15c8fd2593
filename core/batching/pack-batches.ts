import { asciiJson, type BatchFile } from './batch.ts';

/** What a batch may hold. `messageBytes` is what is left of a message beside its envelope. */
export type BatchLimits = { maxObjects: number; maxBytes: number; messageBytes: number };

/** Packs files into batches as they come. */
export type Packer = {
  /** Takes a file and returns the batches that are complete now: none, one, or several after a giant or a resume. */
  add(file: BatchFile): BatchFile[][];
  /** Returns what is begun as a last batch. */
  flush(): BatchFile[][];
  /** What is begun and not yet returned, for a checkpoint. */
  pending(): readonly BatchFile[];
};

/**
 * Opens a packer: no batch holds more than `maxObjects` files, `maxBytes` bytes or `messageBytes` of text,
 * except that one file larger than `maxBytes` rides alone; nothing is lost or reordered otherwise.
 * `pending` are files of an earlier packer that it had not returned; under tighter limits than it had they
 * may fill batches of their own, which the next `add` or `flush` returns.
 */
export function openPacker(limits: BatchLimits, pending: readonly BatchFile[] = []): Packer {
  let files: BatchFile[] = [];
  let bytes = 0;
  let text = 0;

  function take(): BatchFile[][] {
    if (files.length === 0) return [];
    const batch = files;
    files = [];
    bytes = 0;
    text = 0;
    return [batch];
  }

  function add(file: BatchFile): BatchFile[][] {
    if (file.sizeBytes > limits.maxBytes) return [[file]];
    const fileText = asciiJson(file).length + 1;
    const full = bytes + file.sizeBytes > limits.maxBytes || text + fileText > limits.messageBytes;
    const complete = full ? take() : [];
    files.push(file);
    bytes += file.sizeBytes;
    text += fileText;
    if (files.length >= limits.maxObjects) complete.push(...take());
    return complete;
  }

  let carried = pending.flatMap(add);
  function takeCarried(): BatchFile[][] {
    const batches = carried;
    carried = [];
    return batches;
  }

  return {
    add: (file) => [...takeCarried(), ...add(file)],
    flush: () => [...takeCarried(), ...take()],
    pending: () => [...carried.flat(), ...files],
  };
}
