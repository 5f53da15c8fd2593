import http from 'node:http';
import { z } from 'zod';

/**
 * How one call of rclone's remote control ended. `failed`: rclone answered with an error, whose text is its
 * own. `lost`: no answer, because rclone died or hung up. `aborted`: our signal ended it.
 */
export type RcAnswer =
  | { outcome: 'done'; body: unknown }
  | { outcome: 'failed'; status: number; error: string }
  | { outcome: 'lost'; reason: string }
  | { outcome: 'aborted' };

/** Where rclone's remote control listens, and what it asks for. */
export type RcAddress = { port: number; user: string; password: string };

/** An rc error also carries `input`, which echoes the credentials of the call: it is not even parsed. */
const RcError = z.object({ error: z.string() });

/** Connections to one rclone, kept alive between calls. */
export function rcAgent(): http.Agent {
  return new http.Agent({ keepAlive: true });
}

/**
 * One call, without a limit on how long the answer may take: a large object takes hours, and the `fetch` of
 * Node gives up after 300 seconds without headers. Aborting closes the connection, upon which rclone cancels
 * what it is doing (see docs/decisions/0003). Never rejects.
 */
export function rcCall(
  agent: http.Agent,
  address: RcAddress,
  path: string,
  parameters: Record<string, unknown>,
  signal?: AbortSignal,
): Promise<RcAnswer> {
  if (signal?.aborted === true) return Promise.resolve({ outcome: 'aborted' });
  const body = Buffer.from(JSON.stringify(parameters));
  return new Promise((resolve) => {
    const lost = (error: Error) =>
      resolve(
        signal?.aborted === true
          ? { outcome: 'aborted' }
          : { outcome: 'lost', reason: `rclone hung up (${error.message})` },
      );
    const request = http.request(
      {
        host: '127.0.0.1',
        port: address.port,
        path: `/${path}`,
        method: 'POST',
        agent,
        auth: `${address.user}:${address.password}`,
        headers: { 'content-type': 'application/json', 'content-length': body.length },
        ...(signal === undefined ? {} : { signal }),
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', lost);
        response.on('end', () => resolve(read(response.statusCode ?? 0, Buffer.concat(chunks).toString())));
      },
    );
    request.on('error', lost);
    request.end(body);
  });
}

function read(status: number, text: string): RcAnswer {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return { outcome: 'lost', reason: `rclone answered ${status} with something that is no JSON` };
  }
  if (status >= 200 && status < 300) return { outcome: 'done', body };
  const failure = RcError.safeParse(body);
  return { outcome: 'failed', status, error: failure.success ? failure.data.error : `HTTP ${status}` };
}
