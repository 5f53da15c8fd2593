import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { S3ObjectStore } from '../../../adapters/aws/s3-object-store.ts';
import type { ObjectProperties } from '../../../core/ports.ts';
import { hardKeys } from '../../conformance/hard-keys.ts';

/** What only the SDK says of itself, what differs from request to request, and what only waits for leave. */
const unlike =
  /^(amz-sdk-.*|user-agent|x-amz-user-agent|x-amz-date|authorization|connection|expect|accept-encoding)$/;

type Seen = { line: string; headers: Record<string, string>; body: string };
const seen: Seen[] = [];
const server = createServer(async (request: IncomingMessage, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const headers: Record<string, string> = {};
  for (const [n, name] of request.rawHeaders.entries())
    if (n % 2 === 0 && !unlike.test(name.toLowerCase()))
      headers[name.toLowerCase()] = request.rawHeaders[n + 1] ?? '';
  seen.push({
    line: `${request.method} ${request.url}`,
    headers,
    body: Buffer.concat(chunks).toString('latin1'),
  });
  const found = {
    etag: '"e"',
    'last-modified': 'Thu, 01 Dec 1994 16:00:00 GMT',
    'content-range': 'bytes 1-2/3',
  };
  response.writeHead(200, { ...found, 'content-length': '0' }).end();
});
let stores: S3ObjectStore[] = [];

beforeAll(async () => {
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const credentials = { accessKeyId: 'a', secretAccessKey: 'b', sessionToken: 'c' };
  const connection = { provider: 'Other', bucket: 'held', region: 'us-east-1', endpoint, credentials };
  stores = [false, true].map((sdkOnly) => new S3ObjectStore(connection, { sdkOnly, maxAttempts: 1 }));
});
afterAll(async () => {
  for (const store of stores) store.close();
  await new Promise((resolve) => server.close(resolve));
});

async function bothSend(call: (store: S3ObjectStore) => Promise<unknown>): Promise<void> {
  seen.length = 0;
  for (const store of stores) await call(store);
  const [own, theirs] = seen;
  expect(seen).toHaveLength(2);
  // The SDK hashes a body in memory although a Content-MD5 goes along.
  if (own?.headers['x-amz-content-sha256'] === 'UNSIGNED-PAYLOAD') {
    expect(own.headers['content-md5']).toBeDefined();
    delete own.headers['x-amz-content-sha256'];
    delete theirs?.headers['x-amz-content-sha256'];
  }
  expect(own).toEqual(theirs);
}

describe('what a store sees of us is what it sees of the SDK', () => {
  it('for every hard key, read and written', async () => {
    for (const key of [...hardKeys, 'it’s (a) *key*!', '100%', '%41', 'a?b#c&d=e;f', '~', "'"]) {
      await bothSend((store) => store.head(key));
      await bothSend(async (store) => (await store.get(key))?.body.whole?.());
      await bothSend((store) => store.put(key, Buffer.from('x'), 1, {}));
      // An empty answer tells no tags.
      await bothSend((store) => store.tags(key).catch(() => null));
    }
  });

  it('for a range of a version', async () => {
    await bothSend(async (store) =>
      (await store.get('k', { range: { first: 1, last: 2 }, ifMatch: 'e' }))?.body.whole?.(),
    );
  });

  const everything: ObjectProperties = {
    contentType: 'text/plain; charset=utf-8',
    contentEncoding: 'gzip',
    contentLanguage: 'de, en',
    contentDisposition: 'attachment; filename="Übung.pdf"',
    cacheControl: 'no-cache',
    expires: '0',
    metadata: { team: 'a  b', Upper: 'Ωμέγα \u{1f600}', empty: '' },
    tags: { 'a b': 'c+d/é=', "it's": '' },
    storageClass: 'STANDARD_IA',
    kmsKeyId: 'key-1',
    contentMd5: 'AAAAAAAAAAAAAAAAAAAAAA==',
  };
  it.each<[string, ObjectProperties]>([
    ['everything', everything],
    ['nothing', {}],
    ['nulls', { contentType: null, expires: null, storageClass: null, kmsKeyId: null, contentMd5: null }],
    ['empty texts', { cacheControl: '', contentEncoding: '', metadata: { a: '' } }],
    ['spaces around', { contentType: ' a/b ', metadata: { a: ' b ' } }],
  ])('for an object written with %s', async (_, properties) => {
    for (const body of ['', 'x', 'é'.repeat(5000)]) {
      const bytes = Buffer.from(body);
      await bothSend((store) => store.put('k', bytes, bytes.byteLength, properties));
    }
  });
});
