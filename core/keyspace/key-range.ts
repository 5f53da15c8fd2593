import { z } from 'zod';
import { compareKeys } from './key-order.ts';

/** A contiguous stretch of the key space: after < key <= upTo. null = open on that side. */
export const KeyRange = z.strictObject({
  after: z.string().nullable(),
  upTo: z.string().nullable(),
});
export type KeyRange = z.infer<typeof KeyRange>;

/** Whether the key lies in the range: after `after` (exclusive), up to `upTo` (inclusive). */
export function rangeContains(range: KeyRange, key: string): boolean {
  return (
    (range.after === null || compareKeys(key, range.after) > 0) &&
    (range.upTo === null || compareKeys(key, range.upTo) <= 0)
  );
}
