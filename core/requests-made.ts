import { z } from 'zod';

/**
 * Requests made to one side, by the S3 operation they are billed as. Requests of the AWS SDK are counted as
 * they leave; rclone's are derived from its measured request pattern (see docs/decisions), retries excluded.
 */
export const RequestsMade = z.record(z.string(), z.int().min(0));
export type RequestsMade = z.infer<typeof RequestsMade>;

/** Requests to both sides of a migration. */
export const RequestsBySide = z.strictObject({ source: RequestsMade, destination: RequestsMade });
export type RequestsBySide = z.infer<typeof RequestsBySide>;

/** Adds `more` into `into` and returns `into`. */
export function addRequests(into: RequestsMade, more: RequestsMade): RequestsMade {
  for (const [operation, count] of Object.entries(more)) into[operation] = (into[operation] ?? 0) + count;
  return into;
}
