import { orderOfBytes } from '../byte-text.ts';
import type { Request } from '../request.ts';
import type { EtagTrust } from '../verification/compare-objects.ts';
import { decideTransfer } from '../verification/decide-transfer.ts';
import type { DecisionTallies } from './checkpoint.ts';
import type { ObjectSummary } from './inventory-row.ts';
import { type PackedPage, packedKey, packedObject } from './packed-page.ts';
import type { PackedCursor, SeekListing } from './seek-listing.ts';

/** What may be decided for an object of a packed page, by the number that stands for it; 0 = transfer. */
export const packedDecisions = ['transfer', 'unchanged', 'kept'] as const;

/** Decides for the objects of packed pages; none of them is too long for the destination. */
export type PackedDecider = {
  /**
   * Decides for objects of the page, from `from` on as far as what is at hand of the destination reaches. Writes the numbers of the
   * decisions, and gives the index of the first object that is not decided: `count` = all are.
   */
  decide(page: PackedPage, from: number, count: number, into: Uint8Array): number;
  /** Gets what comes next at the destination for the object that `decide` stopped at. */
  goOn(page: PackedPage, index: number): Promise<void>;
};

/**
 * Opens the comparison of packed pages with the destination, where every key goes to itself behind `prefix`, which is ASCII. It decides as
 * `decideTransfer` does for each pair.
 */
export function openPackedDecider(
  there: SeekListing,
  { prefix, existing, trust }: { prefix: string; existing: Request['existing']; trust: EtagTrust },
): PackedDecider {
  const numbers = new Map(packedDecisions.map((decision, number) => [decision, number]));

  function numberOf(object: ObjectSummary, copy: ObjectSummary | null): number {
    return numbers.get(decideTransfer(object, copy, existing, trust)) ?? 0;
  }

  function decidePair(page: PackedPage, index: number, copies: PackedPage, copy: number): number {
    if (existing === 'replace-if-different' && isSurelyUnchanged(page, index, copies, copy)) return unchanged;
    return numberOf(packedObject(page, index), packedObject(copies, copy));
  }

  /** Both sides ascend: goes on until one of them is at its end. */
  function merge(
    page: PackedPage,
    from: number,
    count: number,
    cursor: PackedCursor,
    into: Uint8Array,
  ): number {
    const { page: copies } = cursor;
    let at = from;
    let copy = cursor.at;
    while (at < count && copy < copies.count) {
      const order = orderOfBytes(
        copies.view,
        (copies.keyFrom[copy] ?? 0) + prefix.length,
        copies.keyTo[copy] ?? 0,
        page.view,
        page.keyFrom[at] ?? 0,
        page.keyTo[at] ?? 0,
      );
      if (order === 0) into[at] = decidePair(page, at, copies, copy);
      else if (order > 0) into[at] = transfer;
      if (order >= 0) at += 1;
      if (order <= 0) copy += 1;
    }
    cursor.at = copy;
    return at;
  }

  return {
    decide(page, from, count, into) {
      if (there.hasNothingLeft()) {
        into.fill(transfer, from, count);
        return count;
      }
      const cursor = there.packed();
      if (cursor !== null) return merge(page, from, count, cursor, into);
      for (let at = from; at < count; at++) {
        const copy = there.findAtHand(prefix + packedKey(page, at));
        if (copy === undefined) return at;
        into[at] = numberOf(packedObject(page, at), copy);
      }
      return count;
    },
    goOn: (page, index) => there.goOn(prefix + packedKey(page, index)),
  };
}

/** Counts what was decided for the first objects of a page, and chooses those that are to be transferred. */
export function tallyPacked(
  page: PackedPage,
  decisions: Uint8Array,
): { tallies: Partial<DecisionTallies>; chosen: Int32Array } {
  const objects = new Int32Array(packedDecisions.length);
  const bytes = new Float64Array(packedDecisions.length);
  const chosen = new Int32Array(decisions.length);
  let chosenCount = 0;
  for (let index = 0; index < decisions.length; index++) {
    const decision = decisions[index] ?? 0;
    objects[decision] = (objects[decision] ?? 0) + 1;
    bytes[decision] = (bytes[decision] ?? 0) + (page.sizeBytes[index] ?? 0);
    if (decision === transfer) chosen[chosenCount++] = index;
  }
  const tallies: Partial<DecisionTallies> = {};
  for (const [number, decision] of packedDecisions.entries())
    if (objects[number] !== 0)
      tallies[decision] = { objects: objects[number] ?? 0, bytes: bytes[number] ?? 0 };
  return { tallies, chosen: chosen.subarray(0, chosenCount) };
}

const transfer = packedDecisions.indexOf('transfer');
const unchanged = packedDecisions.indexOf('unchanged');

/**
 * Of the same size and ETag, and not older than the object: that is an unchanged copy, whatever may be believed about ETags. Most
 * objects of a second run are so.
 */
function isSurelyUnchanged(page: PackedPage, index: number, copies: PackedPage, copy: number): boolean {
  return (
    page.sizeBytes[index] === copies.sizeBytes[copy] &&
    (copies.modifiedAtMs[copy] ?? 0) >= (page.modifiedAtMs[index] ?? 0) &&
    orderOfBytes(
      page.view,
      page.etagFrom[index] ?? 0,
      page.etagTo[index] ?? 0,
      copies.view,
      copies.etagFrom[copy] ?? 0,
      copies.etagTo[copy] ?? 0,
    ) === 0
  );
}
