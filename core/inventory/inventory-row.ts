import { z } from 'zod';
import { ExceptionKind } from '../transfer/outcome.ts';

const listed = {
  key: z.string(),
  sizeBytes: z.int().min(0),
  etag: z.string().nullable(),
  modifiedAtMs: z.int(),
  storageClass: z.string().nullable(),
};

/** What a listing tells of an object. `etag` has no quotes. */
export const ObjectSummary = z.strictObject({
  ...listed,
  /** Why the source cannot hand the object out under its key, although it lists it; left out = it can. */
  problem: z.string().optional(),
});
export type ObjectSummary = z.infer<typeof ObjectSummary>;

/**
 * What the lister decided for an object when it compared it with the destination:
 * `transfer` = queued; `unchanged` = the destination has it; `kept` = the destination has something under
 * that key and the request says to keep it; `excluded` = the request does not select it;
 * `exception` = it cannot be read as it is (archived) or has no place to go.
 */
export const Decision = z.enum(['transfer', 'unchanged', 'kept', 'excluded', 'exception']);
export type Decision = z.infer<typeof Decision>;

/** One line of the inventory. */
export const InventoryRow = z.strictObject({
  ...listed,
  decision: Decision,
  kind: ExceptionKind.optional(),
  reason: z.string().optional(),
});
export type InventoryRow = z.infer<typeof InventoryRow>;
