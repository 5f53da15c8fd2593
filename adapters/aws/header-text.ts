import type { IncomingHttpHeaders } from 'node:http';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** The headers of an HTTP request or response of the SDK, to be changed in place. */
export function headersOf(message: unknown): Record<string, string> | null {
  if (typeof message !== 'object' || message === null || !('headers' in message)) return null;
  return message.headers as Record<string, string>;
}

/** UTF-8 text as the bytes-in-a-string that Node writes to a socket. */
function toWire(value: string): string {
  return Buffer.from(value, 'utf8').toString('latin1');
}

/** The text of a header as Node read it: UTF-8 where the bytes are UTF-8, else one character a byte. */
function fromWire(value: string): string {
  try {
    return utf8.decode(Buffer.from(value, 'latin1'));
  } catch {
    return value;
  }
}

const beyondAscii = /[^\u0000-\u007f]/;

/** Headers as names and values in turn, as Node is to write them to a socket: it changes nothing in such a list. */
export function wireHeaders(headers: Readonly<Record<string, string>>): string[] {
  const wire: string[] = [];
  for (const name in headers) {
    const value = headers[name] ?? '';
    wire.push(name, beyondAscii.test(value) ? toWire(value) : value);
  }
  return wire;
}

/** Received headers as text, changed in place. */
export function textOfHeaders(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  for (const name in headers) {
    const value = headers[name];
    if (typeof value === 'string' && beyondAscii.test(value)) headers[name] = fromWire(value);
  }
  return headers;
}

/**
 * Writes the headers outside ASCII so that Node sends their UTF-8. Node has two habits to work around:
 * - headers that go out before the body, to ask for leave first, are encoded once more: so nothing is asked;
 * - a Content-Disposition is decoded once more when a body in memory tells its length. [src: Node,
 *   lib/_http_outgoing.js, _send and processHeader]
 */
function prepareForNode(request: unknown): void {
  const headers = headersOf(request) ?? {};
  const unusual = Object.keys(headers).filter((name) => beyondAscii.test(headers[name] ?? ''));
  if (unusual.length === 0) return;
  delete headers.Expect;
  const body = typeof request === 'object' && request !== null && 'body' in request ? request.body : null;
  const tellsLength = body instanceof Uint8Array && body.byteLength > 0;
  for (const name of unusual) {
    const once = toWire(headers[name] ?? '');
    headers[name] = tellsLength && name.toLowerCase() === 'content-disposition' ? toWire(once) : once;
  }
}

/** Where `headersAsUtf8` goes: between the signature and the socket. */
export const atTheWire = {
  name: 'headersAsUtf8',
  relation: 'after',
  toMiddleware: 'deserializerMiddleware',
} as const;

/**
 * A middleware that makes user metadata and content headers outside ASCII travel as UTF-8, as every other
 * S3 client sends them. Node refuses header characters above U+00FF and reads each byte as one character;
 * the signature is made from the text, whose UTF-8 is what a store checks it against.
 */
export const headersAsUtf8 =
  <Arguments extends { request: unknown }, Result extends { response: unknown }>(
    next: (args: Arguments) => Promise<Result>,
  ) =>
  async (args: Arguments): Promise<Result> => {
    prepareForNode(args.request);
    const result = await next(args);
    const received = headersOf(result.response) ?? {};
    for (const [name, value] of Object.entries(received)) {
      if (beyondAscii.test(value)) received[name] = fromWire(value);
    }
    return result;
  };
