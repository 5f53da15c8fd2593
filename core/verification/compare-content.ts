import { createHash } from 'node:crypto';
import type { ObjectStore } from '../ports.ts';

/**
 * Whether a key belongs to the share of keys whose bytes are compared. The choice depends on the key alone, so
 * that every round and every rerun reads the same objects.
 */
export function isSampled(key: string, share: number): boolean {
  if (share <= 0) return false;
  return createHash('sha256').update(key).digest().readUInt32BE() < share * 2 ** 32;
}

/** Reads both objects to the end and says whether their bytes are equal; null when one of them is gone. Memory: one chunk. */
export async function compareContent(
  source: { store: ObjectStore; key: string },
  destination: { store: ObjectStore; key: string },
): Promise<boolean | null> {
  const [left, right] = await Promise.all([digest(source), digest(destination)]);
  return left === null || right === null ? null : left === right;
}

async function digest({ store, key }: { store: ObjectStore; key: string }): Promise<string | null> {
  const object = await store.get(key);
  if (object === null) return null;
  const hash = createHash('sha256');
  for await (const chunk of object.body) hash.update(chunk);
  return hash.digest('hex');
}
