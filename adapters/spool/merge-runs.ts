import type { ObjectSummary } from '../../core/inventory/inventory-row.ts';
import { compareKeys } from '../../core/keyspace/key-order.ts';

/**
 * What becomes of two objects of one key, `first` being the one that came earlier. Either may be its own earlier
 * answer, and neighbours are taken together in any grouping.
 */
export type WhenTwice = (first: ObjectSummary, second: ObjectSummary) => ObjectSummary;

type Head = { object: ObjectSummary; rank: number; rest: AsyncIterator<ObjectSummary> };

/**
 * Merges sorted runs into one sorted run in which every key is there once. Runs are given in the order in which they
 * were written. Memory: one object of each run.
 */
export async function* mergeRuns(
  runs: readonly AsyncIterable<ObjectSummary>[],
  whenTwice: WhenTwice,
): AsyncGenerator<ObjectSummary> {
  const heap: Head[] = [];
  try {
    for (const [rank, run] of runs.entries()) {
      const rest = run[Symbol.asyncIterator]();
      const first = await rest.next();
      if (first.done !== true) push(heap, { object: first.value, rank, rest });
    }
    let held: ObjectSummary | null = null;
    for (let top = heap[0]; top !== undefined; top = heap[0]) {
      const { object } = top;
      if (held !== null && compareKeys(held.key, object.key) === 0) held = whenTwice(held, object);
      else {
        if (held !== null) yield held;
        held = object;
      }
      const next = await top.rest.next();
      if (next.done === true) pop(heap);
      else {
        top.object = next.value;
        sink(heap);
      }
    }
    if (held !== null) yield held;
  } finally {
    for (const { rest } of heap) await rest.return?.();
  }
}

/** Sorts objects that fit into memory, each key once. The array is sorted in place. */
export function* sortRun(objects: ObjectSummary[], whenTwice: WhenTwice): Generator<ObjectSummary> {
  objects.sort((a, b) => compareKeys(a.key, b.key));
  let held: ObjectSummary | null = null;
  for (const object of objects) {
    if (held !== null && held.key === object.key) held = whenTwice(held, object);
    else {
      if (held !== null) yield held;
      held = object;
    }
  }
  if (held !== null) yield held;
}

/** Equal keys come out in the order of their runs. */
function before(a: Head, b: Head): boolean {
  const order = compareKeys(a.object.key, b.object.key);
  return order === 0 ? a.rank < b.rank : order < 0;
}

function push(heap: Head[], head: Head): void {
  heap.push(head);
  for (let at = heap.length - 1; at > 0; ) {
    const parent = (at - 1) >> 1;
    if (!swapIfBefore(heap, at, parent)) return;
    at = parent;
  }
}

function pop(heap: Head[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  heap[0] = last;
  sink(heap);
}

function sink(heap: Head[]): void {
  for (let at = 0; ; ) {
    const left = 2 * at + 1;
    const right = left + 1;
    const [a, b] = [heap[left], heap[right]];
    if (a === undefined) return;
    const least = b !== undefined && before(b, a) ? right : left;
    if (!swapIfBefore(heap, least, at)) return;
    at = least;
  }
}

function swapIfBefore(heap: Head[], lower: number, upper: number): boolean {
  const [a, b] = [heap[lower], heap[upper]];
  if (a === undefined || b === undefined || !before(a, b)) return false;
  heap[lower] = b;
  heap[upper] = a;
  return true;
}
