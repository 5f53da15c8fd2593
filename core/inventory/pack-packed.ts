import { fileToMove } from '../batching/file-to-move.ts';
import type { Packer } from '../batching/pack-batches.ts';
import type { PackingLimits } from '../batching/pack-partitions.ts';
import { notRenamed } from '../rules/route.ts';
import { maxKeyBytes } from './decide-row.ts';
import { keyForms, type PackedPage, packedObject } from './packed-page.ts';
import { openPackedFiles } from './packed-rows.ts';

/** Packs objects of packed pages. */
export type PackedPacker = {
  /** Packs the objects of these numbers, in order. Gives the batches that are complete, each by the texts of its files. */
  pack(packer: Packer, page: PackedPage, chosen: Int32Array): (readonly string[])[];
  /** Whether it can: there are no partitions, and no key is too long for the destination. */
  takes(page: PackedPage, count: number): boolean;
};

const plainText = /^[ !#-[\]-~]*$/;

/**
 * Opens a packer for objects that all go to their own key behind `prefix` and in one class. It gives the same batches as
 * the range's own packer would: whole ones are written as bytes, beside it, and only what it has begun, or begins, and what
 * is unusual (a key with escapes, an object larger than a batch) goes through it.
 */
export function openPackedPacker(
  limits: PackingLimits,
  { prefix, storageClass }: { prefix: string; storageClass: string | null },
): PackedPacker {
  const files = openPackedFiles({ prefix, storageClass });
  const isPossible = limits.partitions === null && plainText.test(prefix);

  function pack(packer: Packer, page: PackedPage, chosen: Int32Array): (readonly string[])[] {
    const count = chosen.length;
    const complete: (readonly string[])[] = [];
    let at = 0;
    let begun = packer.pending().length > 0;

    function addOne(): void {
      const { key, ...object } = packedObject(page, chosen[at] ?? 0);
      const route = {
        to: prefix + key,
        storageClass,
        renamedBy: notRenamed,
        tags: undefined,
        metadata: undefined,
      };
      for (const { texts } of packer.add(fileToMove({ key, ...object }, route))) complete.push(texts);
      begun = packer.pending().length > 0;
      at += 1;
    }

    /** Goes past a batch that begins here, if all of it is here; else gives how many objects are only for the packer. */
    function takeWhole(): number {
      const begin = at;
      let bytes = 0;
      let text = 0;
      for (let next = begin; next < count; next++) {
        const index = chosen[next] ?? 0;
        const sizeBytes = page.sizeBytes[index] ?? 0;
        if (page.keyForm[index] === keyForms.escaped || sizeBytes > limits.maxBytes) {
          files.drop();
          return next + 1 - begin;
        }
        const longer = files.put(page, index);
        if (next > begin && (bytes + sizeBytes > limits.maxBytes || longer > limits.messageBytes)) {
          at = next;
          complete.push([files.take(text)]);
          return 0;
        }
        bytes += sizeBytes;
        text = longer;
        if (next + 1 - begin < limits.maxObjects) continue;
        at = next + 1;
        complete.push([files.take(text)]);
        return 0;
      }
      files.drop();
      return count - begin;
    }

    while (at < count) {
      for (let left = begun ? 1 : takeWhole(); left > 0; left--) addOne();
    }
    return complete;
  }

  return {
    pack,
    takes({ keyFrom, keyTo }, count) {
      if (!isPossible) return false;
      const most = maxKeyBytes - prefix.length;
      for (let index = 0; index < count; index++)
        if ((keyTo[index] ?? 0) - (keyFrom[index] ?? 0) > most) return false;
      return true;
    },
  };
}
