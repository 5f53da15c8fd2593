import { addRequests, type RequestsMade } from '../../core/requests-made.ts';

/** Where a client counts: behind its retries, so that each of them counts for itself. */
export const afterRetries = {
  name: 'countRequests',
  relation: 'after',
  toMiddleware: 'retryMiddleware',
} as const;

/**
 * A middleware that counts the requests of an AWS SDK client as they leave, by operation name
 * (`ListObjectsV2`, `PutObject`, …), and how to read a copy of the counts.
 */
export function requestCounter() {
  const made: RequestsMade = {};
  const middleware =
    <Arguments, Result>(next: (args: Arguments) => Promise<Result>, context: { commandName?: string }) =>
    (args: Arguments): Promise<Result> => {
      const operation = (context.commandName ?? 'Unknown').replace(/Command$/, '');
      made[operation] = (made[operation] ?? 0) + 1;
      return next(args);
    };
  return { middleware, requestsMade: (): RequestsMade => addRequests({}, made) };
}
