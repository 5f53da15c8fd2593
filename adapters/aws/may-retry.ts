import { RefusedAnswer } from './refused-answer.ts';

/** What the SDK's standard retries take for passing, by the store's code, Node's code and the status. */
const throttles = new Set([
  'BandwidthLimitExceeded',
  'LimitExceededException',
  'PriorRequestNotComplete',
  'RequestLimitExceeded',
  'RequestThrottled',
  'SlowDown',
  'Throttling',
  'ThrottlingException',
  'TooManyRequests',
]);
const transientNames = new Set(['TimeoutError', 'RequestTimeout', 'RequestTimeoutException']);
const transientCodes = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

const transientStatuses = new Set([500, 502, 503, 504]);

/** Backoff doubles from these, up to the longest. [src: AWS SDKs reference, standard retry mode] */
const baseMs = 100;
const throttledBaseMs = 500;
const longestMs = 20_000;

/**
 * Whether the same request may succeed when it is repeated, and after how long: a random time below the backoff of this
 * attempt (counted from 1), or what the store asks for where that is more. null = it will not.
 */
export function pauseBeforeRetry(error: unknown, attempt: number, random: () => number): number | null {
  const fault = error instanceof Error ? error : new Error();
  const status = error instanceof RefusedAnswer ? error.$metadata.httpStatusCode : null;
  const throttled = status === 429 || throttles.has(fault.name);
  const passing =
    transientNames.has(fault.name) ||
    transientCodes.has(codeOf(fault)) ||
    (status !== null && transientStatuses.has(status));
  if (!throttled && !passing) return null;
  const backoffMs = Math.min(longestMs, (throttled ? throttledBaseMs : baseMs) * 2 ** (attempt - 1));
  const asked = error instanceof RefusedAnswer ? (error.retryAfterMs ?? 0) : 0;
  return Math.max(Math.min(asked, longestMs), Math.floor(random() * backoffMs));
}

/** A refused connection to a name of several addresses is one error that holds several. */
function codeOf(error: Error): string {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : '';
}
