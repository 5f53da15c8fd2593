import type { IncomingHttpHeaders } from 'node:http';
import { withoutEscapes } from './listing-values.ts';

/**
 * An answer that is no success, in the shape in which the SDK throws one: `storeError` reads both. What was signed is no
 * part of it.
 */
export class RefusedAnswer extends Error {
  readonly Region: string | undefined;
  /** `attempts`: requests made for this call, once it is given up. */
  readonly $metadata: { httpStatusCode: number; attempts?: number };
  readonly $response: { statusCode: number; headers: Record<string, string> };
  /** The store's clock at the answer, where it is told. */
  readonly serverMs: number | null;
  /** How long the store wants to be left alone, in milliseconds, where it says so. */
  readonly retryAfterMs: number | null;

  constructor(status: number, headers: IncomingHttpHeaders, body: string, head: boolean) {
    super(element(body, 'Message') ?? 'UnknownError');
    // The answer to a HEAD has no body; of a 404 there the SDK knows what it means.
    this.name = element(body, 'Code') ?? (head && status === 404 ? 'NotFound' : 'Unknown');
    this.Region = element(body, 'Region') ?? undefined;
    this.$metadata = { httpStatusCode: status };
    const region = headers['x-amz-bucket-region'];
    this.$response = {
      statusCode: status,
      headers: typeof region === 'string' ? { 'x-amz-bucket-region': region } : {},
    };
    // A cache tells the time at which it took the answer.
    const serverMs = headers.age === undefined ? Date.parse(headers.date ?? '') : Number.NaN;
    this.serverMs = Number.isNaN(serverMs) ? null : serverMs;
    const seconds = /^\d+(\.\d+)?$/.exec(headers['retry-after'] ?? '')?.[0];
    this.retryAfterMs = seconds === undefined ? null : Number(seconds) * 1000;
  }
}

/** The text of an element of `<Error>`, of which each is there once and holds text only; null = not there, or empty. */
function element(body: string, name: string): string | null {
  const text = new RegExp(`<${name}>([^<]+)</${name}>`).exec(body)?.[1];
  if (text === undefined || !/<Error[\s>]/.test(body)) return null;
  try {
    return withoutEscapes(text);
  } catch {
    return text;
  }
}
