import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CreateMultipartUploadCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { partsOf } from '../../../adapters/aws/exact-body.ts';
import { s3Client } from '../../../adapters/aws/s3-client.ts';
import { S3ObjectStore } from '../../../adapters/aws/s3-object-store.ts';
import { systemClock } from '../../../adapters/system-clock.ts';
import { StoreError } from '../../../core/store-error.ts';
import { type S3Server, startS3Server } from '../../../local/s3-server/s3-server.ts';
import { collected } from '../../conformance/object-store.ts';

const mebibyte = 1024 * 1024;
const partBytes = 5 * mebibyte;
let server: S3Server;
let store: S3ObjectStore;
const connection = () => ({
  provider: 'AWS',
  bucket: 'held',
  region: 'us-east-1',
  endpoint: server.endpoint,
  credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
});
beforeEach(async () => {
  server = await startS3Server({ buckets: ['held'], credentials: { a: 'b' } });
  store = new S3ObjectStore(connection(), { partsAboveBytes: partBytes, partBytes, maxAttempts: 1 });
});
afterEach(async () => {
  store.close();
  await server.stop();
});

async function* endless(onPart: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  const chunk = Buffer.alloc(mebibyte);
  for (let sent = 0; ; sent += chunk.byteLength) {
    onPart(sent);
    yield chunk;
  }
}

describe('an upload in parts', () => {
  it('is aborted at the store before its promise rejects, when the signal aborts', async () => {
    const stop = new AbortController();
    const body = endless((sent) => {
      if (sent > 3 * partBytes) stop.abort();
    });
    const upload = store.put('stopped', body, 100 * mebibyte, {}, stop.signal);
    await expect(upload).rejects.toMatchObject({ name: 'StoreError', code: 'AbortError' });
    expect(await collected(store.unfinishedUploads(''))).toEqual([]);
    expect(store.requestsMade()).toMatchObject({ CreateMultipartUpload: 1, AbortMultipartUpload: 1 });
    expect(await store.head('stopped')).toBeNull();
  });

  it('is aborted, and its body let go, when a part is refused', async () => {
    server.faults.deny = [{ bucket: 'held', operation: 'UploadPart' }];
    let read = 0;
    const body = endless((sent) => {
      read = sent;
    });
    const upload = store.put('refused', body, 400 * mebibyte, {});
    await expect(upload).rejects.toMatchObject({ kind: 'denied', code: 'AccessDenied' });
    expect(await collected(store.unfinishedUploads(''))).toEqual([]);
    expect(read).toBeLessThan(100 * mebibyte);
  });

  it('tells why a part was refused even when that is seen while the body is slow', async () => {
    server.faults.deny = [{ bucket: 'held', operation: 'UploadPart' }];
    async function* slow() {
      // A chunk is passed on when the next one is there.
      yield Buffer.alloc(partBytes + 1);
      yield Buffer.alloc(1);
      while ((store.requestsMade().UploadPart ?? 0) === 0) await systemClock.sleep(5);
      await systemClock.sleep(50);
      yield Buffer.alloc(partBytes - 1);
    }
    const upload = store.put('slow', slow(), 2 * partBytes + 1, {});
    await expect(upload).rejects.toMatchObject({ kind: 'denied', code: 'AccessDenied' });
  });

  it('is aborted when it cannot be completed', async () => {
    server.faults.deny = [{ bucket: 'held', operation: 'CompleteMultipartUpload' }];
    const bytes = Buffer.alloc(2 * partBytes);
    const upload = store.put('incomplete', bytes, bytes.byteLength, {});
    await expect(upload).rejects.toMatchObject({ kind: 'denied' });
    expect(await collected(store.unfinishedUploads(''))).toEqual([]);
  });

  it('tells why it failed even when it cannot be aborted', async () => {
    server.faults.deny = [
      { bucket: 'held', operation: 'UploadPart' },
      { bucket: 'held', operation: 'AbortMultipartUpload' },
    ];
    const bytes = Buffer.alloc(2 * partBytes);
    const broken = store.put('left', bytes, bytes.byteLength, {});
    await expect(broken).rejects.toMatchObject({ kind: 'denied', code: 'AccessDenied' });
    server.faults.deny = [];
    expect(await collected(store.unfinishedUploads(''))).toMatchObject([{ key: 'left' }]);
  });

  it('leaves nothing behind when its body fails before the first byte', async () => {
    async function* fails(): AsyncGenerator<Uint8Array> {
      yield* [];
      throw new StoreError('unreachable', 'gone', { code: 'ECONNRESET' });
    }
    await expect(store.put('never', fails(), 2 * partBytes, {})).rejects.toMatchObject({
      code: 'ECONNRESET',
    });
    expect(await collected(store.unfinishedUploads(''))).toEqual([]);
  });

  it('sends as many parts as the body needs', async () => {
    const bytes = Buffer.alloc(2 * partBytes + 1, 'drover');
    await store.put('three', bytes, bytes.byteLength, {});
    await store.put('two', bytes.subarray(1), 2 * partBytes, {});
    expect(store.requestsMade()).toEqual({
      CreateMultipartUpload: 2,
      UploadPart: 5,
      CompleteMultipartUpload: 2,
    });
    expect((await store.head('three'))?.etag).toMatch(/^[0-9a-f]{32}-3$/);
    expect((await store.head('two'))?.etag).toMatch(/^[0-9a-f]{32}-2$/);
  });

  it('gives the store the MD5 of each part and of nothing else', async () => {
    const sent: { operation: string; md5: string | undefined; bytes: Buffer }[] = [];
    const listener = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const query = new URL(request.url ?? '', 'http://x').searchParams;
      const operation = request.method === 'PUT' ? 'part' : query.has('uploads') ? 'begin' : 'complete';
      sent.push({
        operation,
        md5: request.headers['content-md5'] as string | undefined,
        bytes: Buffer.concat(chunks),
      });
      response.setHeader('etag', '"part"');
      if (operation === 'begin') response.end('<R><UploadId>u1</UploadId></R>');
      else response.end(operation === 'complete' ? '<R><ETag>"whole-3"</ETag></R>' : undefined);
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => listener.once('listening', resolve));
    const endpoint = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
    const other = new S3ObjectStore({ ...connection(), endpoint }, { partsAboveBytes: partBytes, partBytes });
    const bytes = Buffer.alloc(2 * partBytes + 5, 'drover');
    const contentMd5 = createHash('md5').update(bytes).digest('base64');
    expect(await other.put('k', bytes, bytes.byteLength, { contentMd5 })).toEqual({ etag: 'whole-3' });
    other.close();
    await new Promise((resolve) => listener.close(resolve));
    const parts = sent.filter(({ operation }) => operation === 'part');
    expect(parts).toHaveLength(3);
    for (const part of parts) expect(part.md5).toBe(createHash('md5').update(part.bytes).digest('base64'));
    expect(sent.filter(({ operation }) => operation !== 'part').map(({ md5 }) => md5)).toEqual([
      undefined,
      undefined,
    ]);
  });

  it('takes bodies up to the threshold in one request', async () => {
    await store.put('one', Buffer.alloc(partBytes), partBytes, {});
    expect(store.requestsMade()).toEqual({ PutObject: 1 });
  });
});

describe('unfinished uploads', () => {
  it('are listed across pages, by prefix, under hard keys, and aborted once or twice', async () => {
    const { client } = s3Client(connection());
    const keys = ['u/plain', 'u/a//b', 'u/../x', 'u/\u{1f600}', 'u/ #;+%41'];
    for (let index = 0; index < 1001; index++) keys.push(`u/many/${index}`);
    for (let at = 0; at < keys.length; at += 40) {
      const some = keys.slice(at, at + 40);
      await Promise.all(
        some.map((Key) => client.send(new CreateMultipartUploadCommand({ Bucket: 'held', Key }))),
      );
    }
    await client.send(new CreateMultipartUploadCommand({ Bucket: 'held', Key: 'other' }));
    client.destroy();
    const found = await collected(store.unfinishedUploads('u/'));
    expect(found.map(({ key }) => key).sort()).toEqual([...keys].sort());
    expect(store.requestsMade()).toEqual({ ListMultipartUploads: 2 });
    for (const upload of found.filter(({ key }) => !key.startsWith('u/many/'))) {
      await store.abortUpload(upload);
      await store.abortUpload(upload);
    }
    expect((await collected(store.unfinishedUploads('u/'))).length).toBe(1001);
  });
});

describe('a body cut into parts', () => {
  it.each([
    [1, 10, 3],
    [3, 9, 3],
    [4, 9, 3],
    [100, 10, 3],
    [3, 0, 3],
  ])('of pieces of %i bytes, %i in all, in parts of %i', async (pieceBytes, sizeBytes, cutBytes) => {
    const bytes = Buffer.from(Array.from({ length: sizeBytes }, (_, index) => index));
    async function* pieces() {
      for (let at = 0; at < sizeBytes; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
    }
    for (const body of [pieces(), bytes]) {
      const parts = await collected(partsOf(body, cutBytes));
      expect(Buffer.concat(parts)).toEqual(bytes);
      expect(parts.slice(0, -1).every((part) => part.byteLength === cutBytes)).toBe(true);
      expect(parts.every((part) => part.byteLength > 0 && part.byteLength <= cutBytes)).toBe(true);
    }
  });
});

it('lets the process end once it is closed', async () => {
  await store.put('key', Buffer.from('x'), 1, {});
  const script = `
    import { S3ObjectStore } from ${JSON.stringify(join(import.meta.dirname, '../../../adapters/aws/s3-object-store.ts'))};
    const store = new S3ObjectStore(${JSON.stringify(connection())});
    const found = await store.get('key');
    for await (const chunk of found.body) process.stdout.write(chunk);
    store.close();
  `;
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '-e', script],
    {
      timeout: 15_000,
    },
  );
  expect([stdout, stderr]).toEqual(['x', '']);
});
