import { z } from 'zod';

/**
 * Why an object could not be migrated, and what an operator can do about it.
 * The advice is printed in the report beside each exception.
 */
export const exceptionAdvice = {
  'source-missing':
    'The object was deleted at the source after it was listed. Nothing to do unless it should exist.',
  'source-changed':
    'The object was overwritten at the source during the migration. Run the migration again to pick up late writers.',
  'source-archived': 'Restore the object at the source (RestoreObject), then run the migration again.',
  'source-denied': 'Allow the source credentials to read this object, then run the migration again.',
  'destination-denied':
    'Allow PutObject (and the KMS key, if one is set) for this key at the destination, then run the migration again.',
  corrupt:
    'The destination holds other bytes than the source. Run the migration again; if it stays, read the object at the source by hand.',
  'too-large': 'The object is larger than Amazon S3 can hold (5 TiB). Split it at the source.',
  unrepresentable:
    'The destination cannot hold an object of this name or with these properties. Rename it with a rule.',
  exhausted: 'Every attempt failed; the last error is given. Mend its cause, then run the migration again.',
} as const;

/** The kinds of exception an object can end in. */
export const ExceptionKind = z.enum([
  'source-missing',
  'source-changed',
  'source-archived',
  'source-denied',
  'destination-denied',
  'corrupt',
  'too-large',
  'unrepresentable',
  'exhausted',
]);
export type ExceptionKind = z.infer<typeof ExceptionKind>;

/** What moved an object: rclone, or the worker's own requests (small objects, and keys that rclone cannot address). */
export const Carrier = z.enum(['rclone', 'direct']);

/**
 * One line of a worker's outcome log: how one attempt at one key ended. `retried` means that the key went
 * back to the queue with a later attempt, `handed-on` that other messages carry it (an object in parts); every key of a message has a line before the message is deleted.
 */
export const OutcomeRow = z.strictObject({
  key: z.string(),
  batch: z.string(),
  attempt: z.int().min(1),
  outcome: z.enum(['copied', 'exception', 'retried', 'handed-on']),
  kind: ExceptionKind.optional(),
  reason: z.string().optional(),
  sizeBytes: z.int().min(0),
  carrier: Carrier,
  endedAtMs: z.int(),
  durationMs: z.int().min(0),
});
export type OutcomeRow = z.infer<typeof OutcomeRow>;

/** Number of objects and the sum of their sizes in bytes. */
export const Tally = z.strictObject({ objects: z.int().min(0), bytes: z.int().min(0) });
export type Tally = z.infer<typeof Tally>;

/** An empty tally. */
export const noObjects = (): Tally => ({ objects: 0, bytes: 0 });

/** The sum of two tallies. */
export function addTally(a: Tally, b: Tally): Tally {
  return { objects: a.objects + b.objects, bytes: a.bytes + b.bytes };
}
