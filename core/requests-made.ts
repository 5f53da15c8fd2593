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
  for (const operation in more) into[operation] = (into[operation] ?? 0) + (more[operation] ?? 0);
  return into;
}

/** The requests of `made` that are not in `before`, an earlier count of the same. */
export function requestsSince(made: RequestsMade, before: RequestsMade): RequestsMade {
  const since: RequestsMade = {};
  for (const operation in made) {
    const count = (made[operation] ?? 0) - (before[operation] ?? 0);
    if (count > 0) since[operation] = count;
  }
  return since;
}
