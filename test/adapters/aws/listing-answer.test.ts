import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openedStores } from '../../support/opened-stores.ts';

const open = openedStores();

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
    [
      'keys in another order',
      `<IsTruncated>false</IsTruncated>${entry('p/70')}${entry('p/7')}`,
      'byte order',
    ],
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
    bodies = [body, body];
    const query = { prefix: 'p/', startAfter: 'p/5' };
    for (const refused of [() => openIt().listPage(query), () => openIt().readPage(query, () => 'used')]) {
      const answer = refused();
      await expect(answer).rejects.toMatchObject({ name: 'StoreError', kind: 'unsupported' });
      await expect(answer).rejects.toThrow(message);
    }
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
