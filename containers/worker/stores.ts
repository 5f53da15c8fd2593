import { type BatchMessage, type BucketLocation, isRcloneLocation } from '../../core/batching/batch.ts';
import type { ObjectStore } from '../../core/ports.ts';

type Pair = { source: ObjectStore; destination: ObjectStore };

/**
 * The two buckets of a batch, opened once per pair of locations and kept. `reload` makes the next use open
 * them with the secrets as they are then; calls under way keep what they have.
 */
export function openStores(openStore: (location: BucketLocation) => Promise<ObjectStore>): {
  of(batch: BatchMessage): Promise<Pair>;
  reload(): void;
} {
  const open = new Map<string, Promise<Pair>>();
  // Asked for each object of a batch.
  const names = new WeakMap<BatchMessage, string>();

  function nameOf(batch: BatchMessage): string {
    const name = names.get(batch) ?? JSON.stringify([batch.source, batch.destination]);
    names.set(batch, name);
    return name;
  }

  async function openPair({
    source,
    destination: { kmsKeyId: _, ...destination },
  }: BatchMessage): Promise<Pair> {
    if (isRcloneLocation(source)) throw new TypeError('the source of the batch is no bucket');
    const [from, to] = await Promise.all([openStore(source), openStore(destination)]);
    return { source: from, destination: to };
  }

  return {
    of(batch) {
      const name = nameOf(batch);
      let pair = open.get(name);
      if (pair === undefined) {
        pair = openPair(batch);
        pair.catch(() => open.delete(name));
        open.set(name, pair);
      }
      return pair;
    },
    reload() {
      open.clear();
    },
  };
}
