import { addRequests, type RequestsMade } from '../../core/requests-made.ts';

/** Where a client counts: behind its retries, so that each of them counts for itself. */
export const afterRetries = {
  name: 'countRequests',
  relation: 'after',
  toMiddleware: 'retryMiddleware',
} as const;

/**
 * A middleware that counts the requests of an AWS SDK client as they leave, by operation name
 * (`ListObjectsV2`, `PutObject`, …), a function that counts one that leaves elsewhere, and how to read a copy of the counts.
 */
export function requestCounter() {
  const made: RequestsMade = {};
  const count = (operation: string): void => {
    made[operation] = (made[operation] ?? 0) + 1;
  };
  const middleware =
    <Arguments, Result>(next: (args: Arguments) => Promise<Result>, context: { commandName?: string }) =>
    (args: Arguments): Promise<Result> => {
      count((context.commandName ?? 'Unknown').replace(/Command$/, ''));
      return next(args);
    };
  return { middleware, count, requestsMade: (): RequestsMade => addRequests({}, made) };
}
