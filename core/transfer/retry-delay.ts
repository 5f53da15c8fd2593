/** SQS's longest delay of a message. [src: SQS API reference, DelaySeconds] */
const longestDelaySeconds = 900;

/** Seconds before the next attempt at what is left of a batch: doubling from `baseSeconds`, 15 minutes at most. */
export function retryDelaySeconds(attempt: number, baseSeconds: number): number {
  return Math.min(longestDelaySeconds, Math.round(baseSeconds * 2 ** Math.min(attempt - 1, 20)));
}
