import { afterEach, describe, expect, it, vi } from 'vitest';
import { rcAgent, rcCall } from '../../../adapters/rclone/rc-call.ts';
import { oddServer } from './odd-server.ts';

type Answer = Parameters<typeof oddServer>[0];

describe('a call of the remote control', () => {
  const open: { stop(): Promise<void> }[] = [];
  const agent = rcAgent();
  afterEach(async () => {
    for (const server of open.splice(0)) await server.stop();
  });
  async function call(answer: Answer, signal?: AbortSignal) {
    const server = await oddServer(answer);
    open.push(server);
    const port = Number(new URL(server.endpoint).port);
    return {
      server,
      answer: rcCall(agent, { port, user: 'me', password: 'pa:ss' }, 'rc/noop', { a: 'ü' }, signal),
    };
  }

  it('sends its parameters and its password, and gives the answer', async () => {
    let seen = '';
    const { answer } = await call((request, response) => {
      const { method, url, headers } = request;
      request.on('data', (chunk) => {
        seen += chunk;
      });
      request.on('end', () => response.end(JSON.stringify({ method, url, user: headers.authorization })));
    });
    const user = `Basic ${Buffer.from('me:pa:ss').toString('base64')}`;
    expect(await answer).toEqual({ outcome: 'done', body: { method: 'POST', url: '/rc/noop', user } });
    expect(JSON.parse(seen)).toEqual({ a: 'ü' });
  });

  it('gives the error without the input that rclone echoes, secrets and all', async () => {
    const { answer } = await call((_, response) => {
      response.writeHead(500);
      response.end(JSON.stringify({ error: 'no luck', input: { secret_access_key: 'hush' }, status: 500 }));
    });
    expect(await answer).toEqual({ outcome: 'failed', status: 500, error: 'no luck' });
  });

  it('is lost when the other side hangs up, before or in the middle of the answer', async () => {
    const before = await call((request) => void request.socket.destroy());
    expect(await before.answer).toMatchObject({ outcome: 'lost' });
    const middle = await call((_, response) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write('{', () => response.destroy());
    });
    expect(await middle.answer).toMatchObject({ outcome: 'lost' });
  });

  it('is lost when the answer is no JSON', async () => {
    const { answer } = await call((_, response) => response.end('<html>'));
    expect(await answer).toEqual({
      outcome: 'lost',
      reason: 'rclone answered 200 with something that is no JSON',
    });
  });

  it('closes the connection when it is aborted', async () => {
    const stop = new AbortController();
    const { server, answer } = await call(() => undefined, stop.signal);
    await vi.waitFor(() => expect(server.requests).toEqual(['POST']), 10_000);
    stop.abort();
    expect(await answer).toEqual({ outcome: 'aborted' });
    await vi.waitFor(() => expect(server.brokenOff()).toBe(1), 10_000);
  });

  it('is not even sent when it was aborted before', async () => {
    const { server, answer } = await call(() => undefined, AbortSignal.abort());
    expect(await answer).toEqual({ outcome: 'aborted' });
    expect(server.requests).toEqual([]);
  });
});
