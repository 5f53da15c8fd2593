import http from 'node:http';
import { z } from 'zod';
import { EntryCutter } from './rc-entries.ts';

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
  return send(agent, address, path, parameters, signal, async (response) =>
    read(response.statusCode ?? 0, await textOf(response)),
  );
}

/**
 * A call whose answer is a list, handed to `take` as it arrives and no faster than `take` resolves. `done` says that
 * the list is whole; anything else may have handed over a part of it. Rejects only with what `take` rejects with.
 */
export function rcList(
  agent: http.Agent,
  address: RcAddress,
  path: string,
  parameters: Record<string, unknown>,
  take: (entries: unknown[]) => Promise<void>,
  signal?: AbortSignal,
): Promise<RcAnswer> {
  return send(agent, address, path, parameters, signal, async (response, broken) => {
    const status = response.statusCode ?? 0;
    if (status < 200 || status >= 300) return read(status, await textOf(response));
    const cutter = new EntryCutter();
    for await (const chunk of response.iterator({ destroyOnReturn: true })) {
      const entries = [...cutter.push(chunk as Buffer)];
      if (entries.length > 0) await take(entries).catch(broken);
    }
    if (!cutter.complete) return { outcome: 'lost', reason: 'rclone broke off in the middle of a list' };
    return { outcome: 'done', body: null };
  });
}

function send(
  agent: http.Agent,
  address: RcAddress,
  path: string,
  parameters: Record<string, unknown>,
  signal: AbortSignal | undefined,
  readAnswer: (response: http.IncomingMessage, broken: (error: Error) => never) => Promise<RcAnswer>,
): Promise<RcAnswer> {
  if (signal?.aborted === true) return Promise.resolve({ outcome: 'aborted' });
  const body = Buffer.from(JSON.stringify(parameters));
  return new Promise((resolve, reject) => {
    let ours = false;
    /** What the taker threw is no fault of rclone's. */
    const broken = (error: Error): never => {
      ours = true;
      reject(error);
      throw error;
    };
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
        readAnswer(response, broken).then(resolve, (error: Error) => {
          if (!ours) lost(error);
        });
      },
    );
    request.on('error', lost);
    request.end(body);
  });
}

async function textOf(response: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
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
