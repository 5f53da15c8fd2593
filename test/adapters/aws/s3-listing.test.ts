import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { S3ObjectStore } from '../../../adapters/aws/s3-object-store.ts';
import { compareKeys } from '../../../core/keyspace/key-order.ts';
import type { ListingWay } from '../../../core/ports.ts';
import { type S3Server, startS3Server } from '../../../local/s3-server/s3-server.ts';
import { hardKeys } from '../../conformance/hard-keys.ts';

const connectionTo = (endpoint: string, provider = 'Other') => ({
  provider,
  bucket: 'held',
  region: 'us-east-1',
  endpoint,
  credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
});
const stores: S3ObjectStore[] = [];
const open = (endpoint: string, options: { provider?: string; listing?: ListingWay } = {}) => {
  const { provider, ...rest } = options;
  const store = new S3ObjectStore(connectionTo(endpoint, provider), { maxAttempts: 1, ...rest });
  stores.push(store);
  return store;
};
afterEach(() => {
  for (const store of stores.splice(0)) store.close();
});

describe('a store of another kind', () => {
  let server: S3Server;
  beforeAll(async () => {
    server = await startS3Server({ buckets: ['held'] });
    const store = open(server.endpoint);
    for (const key of hardKeys) await store.put(key, Buffer.from('x'), 1, {});
  });
  afterEach(() => {
    server.faults.listing = 'v2';
  });
  afterAll(() => server.stop());

  // Characters that XML 1.0 has no way to write, so that only an encoded listing can tell them.
  const unwritable = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;

  it('may list without URL encoding although it was asked for it', async () => {
    server.faults.listing = 'no-url-encoding';
    const plain = hardKeys.filter((key) => !unwritable.test(key)).sort(compareKeys);
    const store = open(server.endpoint);
    for (const key of hardKeys.filter((held) => unwritable.test(held))) await store.delete(key);
    const page = await store.listPage({ prefix: '', startAfter: null });
    expect(page.objects.map(({ key }) => key)).toEqual(plain);
    for (const key of hardKeys) await store.put(key, Buffer.from('x'), 1, {});
  });

  it('is not asked for URL encoding when it is IBM’s', async () => {
    const store = open(server.endpoint, { provider: 'IBMCOS' });
    const page = await store.listPage({ prefix: 'percent', startAfter: null });
    expect(page.objects.map(({ key }) => key)).toEqual(['percent%', 'percent%2Fslash']);
    const plus = await store.listPage({ prefix: 'plus', startAfter: null });
    expect(plus.objects.map(({ key }) => key)).toEqual(['plus+plus']);
  });

  it('is refused when it starts over in spite of StartAfter, and listed by markers instead', async () => {
    server.faults.listing = 'no-start-after';
    const query = { prefix: '', startAfter: 'composed' };
    const refused = open(server.endpoint).listPage(query);
    await expect(refused).rejects.toMatchObject({ name: 'StoreError', kind: 'unsupported' });
    const byMarker = await open(server.endpoint, { listing: 'v1' }).listPage(query);
    const expected = hardKeys.filter((key) => compareKeys(key, 'composed') > 0).sort(compareKeys);
    expect(byMarker.objects.map(({ key }) => key)).toEqual(expected);
  });

  it('is listed by its own tokens when it knows no other way', async () => {
    server.faults.listing = 'token-only';
    for (const listing of ['v2', 'v1'] as const)
      await expect(
        open(server.endpoint, { listing }).listPage({ prefix: '', startAfter: 'composed' }),
      ).rejects.toMatchObject({ kind: 'unsupported' });
    const store = open(server.endpoint, { listing: 'stream' });
    const keys: string[] = [];
    for (let token: string | undefined, startAfter: string | null = null, more = true; more; ) {
      const place = { prefix: '', startAfter, ...(token === undefined ? {} : { token }) };
      const page = await store.listPage({ ...place, maxKeys: 7 });
      keys.push(...page.objects.map(({ key }) => key));
      startAfter = keys.at(-1) ?? null;
      ({ more, next: token } = page);
    }
    expect(keys).toEqual([...hardKeys].sort(compareKeys));
    expect(store.requestsMade()).toEqual({ ListObjectsV2: Math.ceil(hardKeys.length / 7) });
  });

  it('is read from the beginning, past what is known, when it takes its own token no more', async () => {
    server.faults.listing = 'token-only';
    const store = open(server.endpoint, { listing: 'stream' });
    const query = { prefix: '', startAfter: 'percent%', maxKeys: 7 };
    const behind = [...hardKeys].sort(compareKeys).filter((key) => compareKeys(key, 'percent%') > 0);
    for (const place of [query, { ...query, token: 'b2xk' }]) {
      const page = await store.listPage(place);
      expect(page.objects.length).toBeGreaterThan(0);
      expect(page.objects.map(({ key }) => key)).toEqual(behind.slice(0, page.objects.length));
      const on = await store.listPage({
        ...query,
        startAfter: page.objects.at(-1)?.key ?? null,
        token: page.next ?? '',
      });
      expect(on.objects[0]?.key).toBe(behind[page.objects.length]);
    }
  });

  it('shows every key of a bucket that it lists in an order of its own', async () => {
    server.faults.listing = 'unordered';
    const store = open(server.endpoint, { listing: 'unordered' });
    const keys: string[] = [];
    for (let token: string | undefined, more = true; more; ) {
      const query = { prefix: '', startAfter: null, maxKeys: 7 };
      const page = await store.listPage({ ...query, ...(token === undefined ? {} : { token }) });
      keys.push(...page.objects.map(({ key }) => key));
      ({ more, next: token } = page);
    }
    expect(keys).not.toEqual([...hardKeys].sort(compareKeys));
    expect(keys.sort(compareKeys)).toEqual([...hardKeys].sort(compareKeys));
  });

  it('is refused when its pages are out of order', async () => {
    server.faults.listing = 'unordered';
    const refused = open(server.endpoint).listPage({ prefix: '', startAfter: null });
    await expect(refused).rejects.toMatchObject({ kind: 'unsupported' });
    await expect(refused).rejects.toThrow('not UTF-8 byte order');
  });
});

describe('an answer to a listing', () => {
  let server: Server;
  let bodies: string[] = [];
  let asked: URLSearchParams[] = [];
  beforeAll(async () => {
    server = createServer((request, response) => {
      asked.push(new URL(request.url ?? '', 'http://x').searchParams);
      response.setHeader('content-type', 'application/xml');
      response.end(
        `<?xml version="1.0" encoding="UTF-8"?><ListBucketResult>${bodies.shift() ?? ''}</ListBucketResult>`,
      );
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
  });
  afterEach(() => {
    bodies = [];
    asked = [];
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));
  const openIt = (listing: 'v1' | 'v2' = 'v2') =>
    open(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, { listing });
  const time = '2024-02-29T23:59:59.123Z';
  const entry = (key: string, modified = time) =>
    `<Contents><Key>${key}</Key><LastModified>${modified}</LastModified><ETag>&quot;d41d8cd98f00b204e9800998ecf8427e-2&quot;</ETag><Size>5000000000000</Size><StorageClass>GLACIER</StorageClass></Contents>`;
  const list = (startAfter: string | null = null, prefix = '') => openIt().listPage({ prefix, startAfter });

  it('is read to the millisecond and the last byte', async () => {
    bodies = [`<IsTruncated>false</IsTruncated>${entry('a')}`];
    expect((await list()).objects).toEqual([
      {
        key: 'a',
        sizeBytes: 5_000_000_000_000,
        etag: 'd41d8cd98f00b204e9800998ecf8427e-2',
        modifiedAtMs: Date.parse(time),
        storageClass: 'GLACIER',
      },
    ]);
  });

  it.each([
    ['2024-02-29T23:59:59Z', '2024-02-29T23:59:59.000Z'],
    ['2024-02-29T23:59:59.000000Z', '2024-02-29T23:59:59.000Z'],
    ['2024-02-29T23:59:59.123456789Z', '2024-02-29T23:59:59.123Z'],
    ['2024-02-29T23:59:59.9994Z', '2024-02-29T23:59:59.999Z'],
    ['1969-12-31T23:59:59.5Z', '1969-12-31T23:59:59.500Z'],
  ])('understands the time %s', async (given, understood) => {
    bodies = [`<IsTruncated>false</IsTruncated>${entry('a', given)}`];
    expect((await list()).objects[0]?.modifiedAtMs).toBe(Date.parse(understood));
  });

  it('keeps white space and character references of plain keys', async () => {
    bodies = [
      `<IsTruncated>false</IsTruncated>${[entry('  lead  '), entry('a&#x9;&#10;b'), entry('a&amp;amp;%41+')].join('')}`,
    ];
    expect((await list()).objects.map(({ key }) => key)).toEqual(['  lead  ', 'a\t\nb', 'a&amp;%41+']);
  });

  it('is taken whatever its NextMarker looks like, as long as it holds keys', async () => {
    const marker =
      '<IsTruncated>true</IsTruncated><EncodingType>url</EncodingType><NextMarker>percent%</NextMarker>';
    bodies = [marker + entry('percent%25')];
    const page = await openIt('v1').listPage({ prefix: '', startAfter: null });
    expect(page.objects.map(({ key }) => key)).toEqual(['percent%']);
    bodies = [marker];
    await expect(openIt('v1').listPage({ prefix: '', startAfter: null })).rejects.toThrow(
      'no URL-encoded UTF-8',
    );
  });

  it('is decoded only when it says that it is encoded', async () => {
    bodies = [
      `<IsTruncated>false</IsTruncated><EncodingType>url</EncodingType>${entry('a+b%2Bc%20%25%F0%9F%98%80%01')}`,
    ];
    expect((await list()).objects.map(({ key }) => key)).toEqual(['a b+c %\u{1f600}\u0001']);
    bodies = [`<IsTruncated>false</IsTruncated>${entry('a+b%2Bc')}`];
    expect((await list()).objects.map(({ key }) => key)).toEqual(['a+b%2Bc']);
  });

  it.each([
    [
      'keys outside of the prefix',
      `<IsTruncated>false</IsTruncated>${entry('other/x')}`,
      'outside of the prefix',
    ],
    ['the key it was to start after', `<IsTruncated>false</IsTruncated>${entry('p/5')}`, 'byte order'],
    ['a key twice', `<IsTruncated>false</IsTruncated>${entry('p/6')}${entry('p/6')}`, 'byte order'],
    [
      'UTF-16 order',
      `<IsTruncated>false</IsTruncated>${entry('p/\u{10000}')}${entry('p/\ufffd')}`,
      'byte order',
    ],
    [
      'bad encoding',
      `<IsTruncated>false</IsTruncated><EncodingType>url</EncodingType>${entry('p/%ff')}`,
      'UTF-8',
    ],
    ['no word on its end', entry('p/6'), 'complete'],
    [
      'an object without a size',
      '<IsTruncated>false</IsTruncated><Contents><Key>p/6</Key></Contents>',
      'without key',
    ],
    ['an empty page with more to come', '<IsTruncated>true</IsTruncated>', 'empty page'],
  ])('is refused with %s', async (_, body, message) => {
    bodies = [body];
    const refused = list('p/5', 'p/');
    await expect(refused).rejects.toMatchObject({ name: 'StoreError', kind: 'unsupported' });
    await expect(refused).rejects.toThrow(message);
  });

  it('may be an empty page with a token, which is followed', async () => {
    bodies = [
      '<IsTruncated>true</IsTruncated><NextContinuationToken>t1</NextContinuationToken>',
      '<IsTruncated>true</IsTruncated><NextContinuationToken>t2</NextContinuationToken>',
      `<IsTruncated>true</IsTruncated><NextContinuationToken>t3</NextContinuationToken>${entry('b')}`,
    ];
    expect(await list('a')).toMatchObject({ objects: [{ key: 'b' }], more: true });
    expect(asked.map((query) => query.get('continuation-token'))).toEqual([null, 't1', 't2']);
    expect([...(asked[0]?.keys() ?? [])].sort()).toEqual([
      'encoding-type',
      'list-type',
      'max-keys',
      'start-after',
    ]);
  });

  it('is not followed round in a circle', async () => {
    const circle = '<IsTruncated>true</IsTruncated><NextContinuationToken>same</NextContinuationToken>';
    bodies = [circle, circle, circle];
    await expect(list()).rejects.toMatchObject({ kind: 'unsupported' });
    expect(asked).toHaveLength(2);
  });
});
