import { createHash } from 'node:crypto';
import type { ObjectStore } from '../ports.ts';
import { StoreError } from '../store-error.ts';

/**
 * Whether a key belongs to the share of keys whose bytes are compared. The choice depends on the key alone, so
 * that every round and every rerun reads the same objects.
 */
export function isSampled(key: string, share: number): boolean {
  if (share <= 0) return false;
  return createHash('sha256').update(key).digest().readUInt32BE() < share * 2 ** 32;
}

/** How the bytes of an object and its copy compare; `unreadable`: one side lists the object but does not hand it out. */
export type ContentComparison = 'same' | 'different' | 'source-gone' | 'copy-gone' | 'unreadable';

type Place = { store: ObjectStore; key: string };

/**
 * Reads an object and its copy to the end and compares their bytes. Archived objects, such as copies in
 * DEEP_ARCHIVE, and objects that may not be read are `unreadable`; other failures throw `StoreError`. Memory:
 * one chunk.
 */
export async function compareContent(source: Place, copy: Place): Promise<ContentComparison> {
  const [left, right] = await Promise.all([digest(source), digest(copy)]);
  if (left === null) return 'source-gone';
  if (right === null) return 'copy-gone';
  if (left === 'unreadable' || right === 'unreadable') return 'unreadable';
  return left === right ? 'same' : 'different';
}

/** The digest of the bytes; null when there is no such object. */
async function digest({ store, key }: Place): Promise<string | null> {
  try {
    const object = await store.get(key);
    if (object === null) return null;
    const hash = createHash('sha256');
    for await (const chunk of object.body) hash.update(chunk);
    return hash.digest('hex');
  } catch (error) {
    if (error instanceof StoreError && (error.kind === 'archived' || error.kind === 'denied'))
      return 'unreadable';
    throw error;
  }
}
