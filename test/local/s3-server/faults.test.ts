import { afterEach, describe, expect, it } from 'vitest';
import type { Faults } from '../../../local/s3-server/faults.ts';
import { type S3Server, startS3Server } from '../../../local/s3-server/s3-server.ts';

describe('an S3 server that misbehaves on request', () => {
  let server: S3Server | undefined;
  afterEach(() => server?.stop());

  const start = async (faults: Partial<Faults> = {}): Promise<{ server: S3Server; url: string }> => {
    server = await startS3Server({ buckets: ['one'] });
    const url = `${server.endpoint}/one`;
    for (const key of ['a', 'b', 'c'])
      await fetch(`${url}/${key}`, { method: 'PUT', body: key.repeat(1000) });
    server.requests.reset();
    Object.assign(server.faults, faults);
    return { server, url };
  };
  const statuses = async (url: string, count: number) => {
    const seen: number[] = [];
    for (let n = 0; n < count; n++) {
      const answer = await fetch(url);
      await answer.arrayBuffer();
      seen.push(answer.status);
    }
    return seen;
  };
  const keysOf = async (url: string) =>
    [...(await (await fetch(url)).text()).matchAll(/<Key>([^<]*)</g)].map(([, key]) => key);

  it('fails the same requests again when it starts from the same seed', async () => {
    const errorRate = [{ operation: 'GetObject', status: 503, probability: 0.5 }] as const;
    const { server, url } = await start({ errorRate, seed: 7 });
    const first = await statuses(`${url}/a`, 40);
    server.faults.seed = 8;
    const other = await statuses(`${url}/a`, 40);
    server.faults.seed = 7;
    expect(await statuses(`${url}/a`, 40)).toEqual(first);
    expect(other).not.toEqual(first);
    expect(new Set(first)).toEqual(new Set([200, 503]));
    expect((await fetch(url)).status).toBe(200);
    expect(server.requests.snapshot().byError).toMatchObject({ SlowDown: expect.any(Number) });
  });

  it('answers InternalError where it is told to', async () => {
    const { url } = await start({ errorRate: [{ operation: '*', status: 500, probability: 1 }] });
    const answer = await fetch(`${url}/a`);
    expect([answer.status, await answer.text()]).toEqual([500, expect.stringContaining('InternalError')]);
  });

  it('asks to slow down once more requests come than it is allowed', async () => {
    const { server, url } = await start({ throttle: 5 });
    const seen = await statuses(`${url}/a`, 30);
    expect(seen.slice(0, 5)).toEqual([200, 200, 200, 200, 200]);
    expect(seen).toContain(503);
    server.faults.throttle = 0;
    expect(await statuses(`${url}/a`, 3)).toEqual([200, 200, 200]);
  });

  it('waits before it answers, by kind of operation', async () => {
    const { url } = await start({ latencyMs: { list: 0, read: 300, write: 0 } });
    const answered: string[] = [];
    const ask = async (path: string) => {
      await (await fetch(url + path)).arrayBuffer();
      answered.push(path);
    };
    await Promise.all([ask('/a'), ask('?list-type=2')]);
    expect(answered).toEqual(['?list-type=2', '/a']);
  });

  it('breaks off in the middle of a body that it announced whole', async () => {
    const { url } = await start({ truncateBody: 1 });
    const answer = await fetch(`${url}/a`);
    expect(answer.headers.get('content-length')).toBe('1000');
    const received: number[] = [];
    const reading = (async () => {
      for await (const chunk of answer.body ?? []) received.push(chunk.length);
    })();
    await expect(reading).rejects.toThrow();
    expect(received.reduce((sum, length) => sum + length, 0)).toBe(500);
  });

  it('breaks the connection without a word', async () => {
    const { url } = await start({ dropConnection: 1 });
    await expect(fetch(`${url}/a`)).rejects.toThrow('fetch failed');
    expect((await fetch(url)).status).toBe(200);
  });

  it('never answers, and can be stopped all the same', async () => {
    const { url } = await start({ hang: 1 });
    await expect(fetch(`${url}/a`, { signal: AbortSignal.timeout(200) })).rejects.toThrow('timeout');
    const hanging = fetch(`${url}/a`);
    await server?.stop();
    server = undefined;
    await expect(hanging).rejects.toThrow('fetch failed');
  });

  it('can lack what some stores lack in listings', async () => {
    const { server, url } = await start();
    const v2 = `${url}?list-type=2`;
    expect(await keysOf(`${v2}&start-after=a`)).toEqual(['b', 'c']);
    server.faults.listing = 'no-start-after';
    expect(await keysOf(`${v2}&start-after=a`)).toEqual(['a', 'b', 'c']);
    server.faults.listing = 'unordered';
    expect(await keysOf(v2)).toEqual(['c', 'b', 'a']);
    server.faults.listing = 'no-url-encoding';
    expect(await (await fetch(`${v2}&encoding-type=url`)).text()).not.toContain('<EncodingType>');
    server.faults.listing = 'v1-only';
    expect((await fetch(v2)).status).toBe(501);
    expect(await keysOf(`${url}?marker=b`)).toEqual(['c']);
  });

  it('can be without tags', async () => {
    const { server, url } = await start({ tagging: false });
    expect((await fetch(`${url}/a?tagging`)).status).toBe(501);
    const tagged = { method: 'PUT', body: 'x', headers: { 'x-amz-tagging': 'a=1' } };
    expect((await fetch(`${url}/a`, tagged)).status).toBe(501);
    server.faults.tagging = true;
    expect((await fetch(`${url}/a`, tagged)).status).toBe(200);
  });

  it('counts what it was asked, by operation and by bucket', async () => {
    const { server, url } = await start();
    await fetch(`${url}/a`);
    await fetch(`${url}/nothing`);
    await fetch(`${server.endpoint}/constructor/x`);
    await fetch(`${url}?list-type=2`);
    expect(server.requests.count('GetObject')).toBe(3);
    expect(server.requests.count('GetObject', 'one')).toBe(2);
    expect(server.requests.snapshot()).toEqual({
      byOperation: { GetObject: 3, ListObjectsV2: 1 },
      byBucket: { one: { GetObject: 2, ListObjectsV2: 1 }, constructor: { GetObject: 1 } },
      byError: { NoSuchKey: 1, NoSuchBucket: 1 },
    });
  });
});
