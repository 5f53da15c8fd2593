import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { objectHeaders, oddServer } from './odd-server.ts';
import { twoStores, unevenBytes } from './two-stores.ts';

const MiB = 1024 * 1024;

describe('copies by rclone that fail', () => {
  let stores: Awaited<ReturnType<typeof twoStores>>;
  beforeAll(async () => {
    stores = await twoStores();
  });
  afterAll(() => stores.close());
  afterEach(() => {
    Object.assign(stores.source.faults, {
      deny: [],
      errorRate: [],
      truncateBody: 0,
      dropConnection: 0,
      hang: 0,
    });
    Object.assign(stores.destination.faults, { deny: [], errorRate: [], hang: 0 });
    stores.source.credentials = { SOURCEKEY: 'source/secret+1' };
    stores.destination.credentials = { TARGETKEY: 'target-secret' };
  });

  const sizes = [
    ['small', 100],
    ['large', 12 * MiB],
  ] as const;

  it.each(sizes)('says which side denies a %s object', async (name, sizeBytes) => {
    const file = await stores.put(`denied-${name}`, unevenBytes(sizeBytes));
    stores.source.faults.deny = [
      { bucket: 'source', operation: 'GetObject' },
      { bucket: 'source', operation: 'HeadObject' },
    ];
    expect(await stores.copy(file)).toMatchObject({ result: 'exception', kind: 'source-denied' });
    stores.source.faults.deny = [];
    stores.destination.faults.deny = [{ bucket: 'target', operation: '*' }];
    expect(await stores.copy(file)).toMatchObject({ result: 'exception', kind: 'destination-denied' });
  });

  it.each(sizes)('says which side refuses the credentials of a %s object', async (name, sizeBytes) => {
    const file = await stores.put(`credentials-${name}`, unevenBytes(sizeBytes));
    stores.source.credentials = { SOURCEKEY: 'another secret' };
    expect(await stores.copy(file)).toMatchObject({ result: 'credential', side: 'source' });
    stores.source.credentials = { SOURCEKEY: 'source/secret+1' };
    stores.destination.credentials = { OTHERKEY: 'target-secret' };
    expect(await stores.copy(file)).toMatchObject({ result: 'credential', side: 'destination' });
  });

  it.each(sizes)('says which side throttles a %s object', async (name, sizeBytes) => {
    const file = await stores.put(`throttled-${name}`, unevenBytes(sizeBytes));
    const always503 = [{ operation: 'GetObject', status: 503, probability: 1 }] as const;
    if (name === 'small') {
      stores.source.faults.errorRate = always503;
      expect(await stores.copy(file)).toMatchObject({ result: 'throttled', side: 'source' });
      stores.source.faults.errorRate = [];
      stores.destination.faults.errorRate = [{ operation: 'PutObject', status: 503, probability: 1 }];
      expect(await stores.copy(file)).toMatchObject({ result: 'throttled', side: 'destination' });
    } else {
      // One refused request in five: a large object is finished in spite of it.
      stores.source.faults.errorRate = [{ operation: 'GetObject', status: 503, probability: 0.2 }];
      expect(await stores.copy(file)).toMatchObject({ result: 'copied' });
    }
  });

  it('gives an archived object up and says that it must be restored', async () => {
    const file = await stores.put('archived', unevenBytes(10), { storageClass: 'GLACIER' });
    expect(await stores.copy(file)).toMatchObject({ result: 'exception', kind: 'source-archived' });
  });

  it('tries again what broke on the way, and keeps nothing of it', async () => {
    const file = await stores.put('broken', unevenBytes(5000));
    stores.source.faults.truncateBody = 1;
    expect((await stores.copy(file)).result).toBe('retry');
    stores.source.faults.truncateBody = 0;
    stores.source.faults.dropConnection = 1;
    expect(await stores.copy(file)).toMatchObject({ result: 'retry', side: 'source' });
    stores.source.faults.dropConnection = 0;
    stores.destination.faults.errorRate = [{ operation: 'PutObject', status: 500, probability: 1 }];
    expect(await stores.copy(file)).toMatchObject({ result: 'retry', side: 'destination' });
    expect(await stores.arrived('broken')).toBeNull();
  });

  it('tells a full destination from an object that it does not take', async () => {
    const small = await stores.put('no-room', unevenBytes(10));
    const large = await stores.put('no-room-either', unevenBytes(12 * MiB));
    stores.destination.faults.errorRate = [{ operation: '*', status: 507, probability: 1 }];
    for (const file of [small, large])
      expect(await stores.copy(file)).toMatchObject({
        result: 'blocked',
        side: 'destination',
        reason: expect.stringContaining('InsufficientStorage'),
      });
  });

  it('does not wait minutes for a store that is not there', async () => {
    const file = await stores.put('no-store', unevenBytes(10));
    const { destination } = stores.batchOf(file);
    const result = await stores.copy(file, {
      destination: { ...destination, endpoint: 'http://127.0.0.1:1' },
    });
    expect(result).toMatchObject({ result: 'blocked', side: 'destination' });
  });

  it('sees a rotated credential after it was told to read the secrets again', async () => {
    const file = await stores.put('rotated', unevenBytes(10));
    expect((await stores.copy(file)).result).toBe('copied');
    stores.source.credentials = { SOURCEKEY: 'the new one' };
    stores.values['source-secret'] = 'the new one';
    expect((await stores.copy(file)).result).toBe('credential');
    stores.copier.reloadCredentials();
    expect((await stores.copy(file)).result).toBe('copied');
    stores.values['source-secret'] = 'source/secret+1';
    stores.copier.reloadCredentials();
  });

  it('writes no secret into a reason or a log', async () => {
    const parrot = await oddServer((_, response) => {
      const message = 'source/secret+1 target-secret SOURCEKEY';
      response.writeHead(400, { 'content-type': 'application/xml' });
      response.end(`<Error><Code>Parrot</Code><Message>${message}</Message></Error>`);
    });
    const file = await stores.put('parrot', unevenBytes(10));
    const { source } = stores.batchOf(file);
    const result = await stores.copy(file, { source: { ...source, endpoint: parrot.endpoint } });
    await parrot.stop();
    expect(result).toMatchObject({ result: 'retry', side: 'source' });
    expect(JSON.stringify(result)).toContain('Parrot: *** *** ***');
    expect(stores.said.join('\n')).not.toMatch(/source\/secret|target-secret|SOURCEKEY/);
  });

  it.each([
    ['hangs', 10],
    ['dribbles', 10 * MiB],
  ])('stops at once when the source %s and the worker stops, and leaves nothing', async (how, sizeBytes) => {
    const slow = await oddServer((_, response) => {
      if (how === 'hangs') return;
      response.writeHead(200, objectHeaders(sizeBytes, 'not-an-md5-1'));
      response.write(Buffer.alloc(300_000));
    });
    const file = { ...(await stores.put(how, unevenBytes(10))), sizeBytes };
    const { source } = stores.batchOf(file);
    const stop = new AbortController();
    const copying = stores.copy(file, { source: { ...source, endpoint: slow.endpoint } }, stop.signal);
    await vi.waitFor(() => expect(slow.requests).toEqual(['GET']), 10_000);
    stop.abort();
    expect(await copying).toMatchObject({ result: 'stopped' });
    await vi.waitFor(() => expect(slow.brokenOff()).toBe(1), 10_000);
    await vi.waitFor(async () => {
      const stats = await stores.daemon.call('core/stats', {});
      expect(stats).toMatchObject({ outcome: 'done' });
      expect(JSON.stringify(stats)).not.toContain('"transferring"');
    }, 10_000);
    expect(await stores.arrived(how)).toBeNull();
    await slow.stop();
  });

  it('aborts the upload of a large object when the worker stops', async () => {
    const whole = 12 * MiB;
    const stuck = await oddServer((request, response) => {
      const range = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? '');
      const [first, last] = range === null ? [0, whole - 1] : [Number(range[1]), Number(range[2])];
      const headers = objectHeaders(last - first + 1, 'not-an-md5-2');
      if (range !== null) headers['content-range'] = `bytes ${first}-${last}/${whole}`;
      response.writeHead(range === null ? 200 : 206, headers);
      if (request.method === 'HEAD') response.end();
      // The first part comes whole, and of the rest nothing.
      else if (first === 0) response.write(Buffer.alloc(5 * MiB));
    });
    const file = { ...(await stores.put('stuck', unevenBytes(10))), sizeBytes: whole };
    const { source } = stores.batchOf(file);
    const stop = new AbortController();
    stores.destination.requests.reset();
    const copying = stores.copy(file, { source: { ...source, endpoint: stuck.endpoint } }, stop.signal);
    await vi.waitFor(() => expect(stores.destination.requests.count('UploadPart')).toBe(1), 10_000);
    stop.abort();
    expect(await copying).toMatchObject({ result: 'stopped' });
    await vi.waitFor(() => expect(stores.destination.requests.count('AbortMultipartUpload')).toBe(1), 10_000);
    const unfinished = [];
    for await (const upload of stores.to.unfinishedUploads('')) unfinished.push(upload);
    expect(unfinished).toEqual([]);
    await stuck.stop();
  });

  it('keeps what a bucket stored that encrypts by default and so answers with no MD5', async () => {
    const stored: string[] = [];
    const encrypting = await oddServer((request, response) => {
      stored.push(request.method ?? '');
      request.resume().on('end', () => {
        response.writeHead(200, { etag: '"0123456789abcdef0123456789abcdef"' });
        response.end();
      });
    });
    const file = await stores.put('default-kms', unevenBytes(10));
    const { destination } = stores.batchOf(file);
    const result = await stores.copy(file, {
      destination: { ...destination, endpoint: encrypting.endpoint },
    });
    expect(result.result).toBe('copied');
    expect(stored).toEqual(['PUT']);
    await encrypting.stop();
  });

  it('ends copies as retryable when rclone dies under them, and goes on with the next rclone', async () => {
    const file = await stores.put('survivor', unevenBytes(10));
    const slow = await oddServer(() => undefined);
    const { source } = stores.batchOf(file);
    const copying = stores.copy(file, { source: { ...source, endpoint: slow.endpoint } });
    await vi.waitFor(() => expect(slow.requests).toEqual(['GET']), 10_000);
    process.kill(await stores.daemon.pid(), 'SIGKILL');
    expect(await copying).toMatchObject({
      result: 'retry',
      reason: expect.stringContaining('rclone hung up'),
    });
    await slow.stop();
    await vi.waitFor(async () => expect((await stores.copy(file)).result).toBe('copied'), 10_000);
  });
});
