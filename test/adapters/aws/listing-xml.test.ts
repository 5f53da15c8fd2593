import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ListObjectsV2Command, type ListObjectsV2CommandOutput, S3Client } from '@aws-sdk/client-s3';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeKey } from '../../../adapters/aws/listing-answer.ts';
import { type ListedPage, parseListing, UnusualListing } from '../../../adapters/aws/listing-xml.ts';
import { plainEtag } from '../../../adapters/aws/s3-properties.ts';
import { encodeListedKey } from '../../../local/s3-server/xml-text.ts';
import { anyKey, sameEveryRun } from '../../support/hard-keys.ts';

/** The same listing as five kinds of store write it. */
const dialects = {
  amazon: {
    space: '',
    prolog: '<?xml version="1.0" encoding="UTF-8"?>\n',
    xmlns: ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"',
    quote: '&quot;',
  },
  indented: {
    space: '\n    ',
    prolog: '<?xml version="1.0" encoding="UTF-8"?>\n',
    xmlns: ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"',
    quote: '&#34;',
  },
  bare: { space: '', prolog: '', xmlns: '', quote: '"' },
  hexadecimal: {
    space: '\n\t',
    prolog: '<?xml version="1.0" encoding="utf-8"?>',
    xmlns: '',
    quote: '&#x22;',
  },
} as const;

const listedObject = fc.record({
  key: anyKey(12),
  size: fc.oneof(fc.nat(), fc.constant(0), fc.constant(5 * 1024 ** 4)),
  etag: fc.oneof(fc.constant('d41d8cd98f00b204e9800998ecf8427e'), fc.constant('ab-12'), fc.constant(null)),
  modified: fc.constantFrom(
    '2024-02-29T23:59:59.999Z',
    '2024-02-29T23:59:59.000Z',
    '1999-01-01T00:00:00Z',
    '2026-11-25T01:02:03.004Z',
  ),
  storageClass: fc.constantFrom('STANDARD', 'GLACIER', null),
  owner: fc.boolean(),
  extra: fc.constantFrom(
    '',
    '<ChecksumAlgorithm>CRC32</ChecksumAlgorithm>',
    '<RestoreStatus><IsRestoreInProgress>false</IsRestoreInProgress></RestoreStatus>',
    '<Type>Normal</Type>',
  ),
  order: fc.nat(5),
});
const listing = fc.record({
  objects: fc.array(listedObject, { maxLength: 8 }),
  truncated: fc.boolean(),
  encoded: fc.boolean(),
  dialect: fc.constantFrom(...(Object.keys(dialects) as (keyof typeof dialects)[])),
  token: fc.option(fc.constantFrom('plain', 'a&b<c>"d', 'ZnJvbTo=', 'größe/\u{1f402}')),
  prefixes: fc.boolean(),
});
type Listing = typeof listing extends fc.Arbitrary<infer T> ? T : never;

// Characters that XML 1.0 cannot hold: an unencoded listing cannot tell them.
const unwritable = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;

// Where a listing is not encoded, the SDK takes a key of nothing but white space for an empty one.
const blank = /^\s*$/;

function xmlOf({ objects, truncated, encoded, dialect, token, prefixes }: Listing): string {
  const { space, prolog, xmlns, quote } = dialects[dialect];
  const escaped = (text: string) =>
    text
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('\r', '&#13;')
      .replaceAll('"', quote === '"' ? '"' : quote);
  const contents = objects.map(({ key, size, etag, modified, storageClass, owner, extra, order }) => {
    const parts = [
      `<Key>${encoded ? encodeListedKey(key) : escaped(key)}</Key>`,
      `<LastModified>${modified}</LastModified>`,
      etag === null ? '' : `<ETag>${quote}${etag}${quote}</ETag>`,
      `<Size>${size}</Size>`,
      storageClass === null ? '' : `<StorageClass>${storageClass}</StorageClass>`,
      owner ? '<Owner><ID>12&amp;3</ID><DisplayName>Ünïcode</DisplayName></Owner>' : '',
      extra,
    ].filter((part) => part !== '');
    const turned = [...parts.slice(order % parts.length), ...parts.slice(0, order % parts.length)];
    return `<Contents>${space}${turned.join(space)}${space}</Contents>`;
  });
  const inner = [
    '<Name>held</Name>',
    dialect === 'bare' ? '<Prefix/>' : '<Prefix></Prefix>',
    '<MaxKeys>1000</MaxKeys>',
    encoded ? '<EncodingType>url</EncodingType>' : '',
    `<IsTruncated>${truncated}</IsTruncated>`,
    token === null ? '' : `<NextContinuationToken>${escaped(token)}</NextContinuationToken>`,
    ...contents,
    prefixes
      ? '<CommonPrefixes><Prefix>a/</Prefix></CommonPrefixes><CommonPrefixes><Prefix>b/</Prefix></CommonPrefixes>'
      : '',
  ];
  return `${prolog}<ListBucketResult${xmlns}>${inner.filter((part) => part !== '').join(space)}${space}</ListBucketResult>`;
}

/** What the SDK tells, in our words. */
function told({ Contents, IsTruncated, NextContinuationToken, EncodingType }: ListObjectsV2CommandOutput) {
  return {
    entries: (Contents ?? []).map(({ Key, Size, ETag, LastModified, StorageClass }) => ({
      key: Key,
      sizeBytes: Size,
      etag: plainEtag(ETag),
      modifiedAtMs: LastModified?.getTime(),
      storageClass: StorageClass ?? null,
    })),
    truncated: IsTruncated,
    token: NextContinuationToken,
    encoded: EncodingType === 'url',
  };
}

function attempt(read: () => ListedPage): ListedPage | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof UnusualListing) return null;
    throw error;
  }
}

describe('the quick parser of listings', () => {
  let server: Server;
  let body = '';
  let client: S3Client;
  beforeAll(async () => {
    server = createServer((_, response) => response.setHeader('content-type', 'application/xml').end(body));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    client = new S3Client({
      region: 'us-east-1',
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      forcePathStyle: true,
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    });
  });
  afterAll(() => {
    client.destroy();
    server.close();
  });

  it('reads what the AWS SDK reads, of listings in every dialect', async () => {
    let objects = 0;
    await fc.assert(
      fc.asyncProperty(listing, async (page) => {
        if (!page.encoded)
          page.objects = page.objects.filter(({ key }) => !unwritable.test(key) && !blank.test(key));
        body = xmlOf(page);
        const bySdk = await client.send(new ListObjectsV2Command({ Bucket: 'held' }));
        const quick = parseListing(Buffer.from(body));
        expect(quick).toMatchObject(told(bySdk));
        for (const { key } of quick.entries) {
          if (quick.keys !== 'encoded') expect(decodeKey(key, quick.encoded)).toBe(key);
          if (quick.keys === 'ascii') expect(key).toMatch(/^[\0-\x7f]*$/);
        }
        objects += quick.entries.length;
      }),
      { ...sameEveryRun, numRuns: 400 },
    );
    expect(objects).toBeGreaterThan(500);
  });

  // What may stand in a listing by mistake, or be missing from it.
  const pieces = [
    ...[
      '<',
      '>',
      '&',
      '/',
      '"',
      ' ',
      '\n',
      '-',
      '0',
      '+',
      '%zz',
      'true',
      '\ufeff',
      '&#0;',
      '&#xD800;',
      '&amp;',
    ],
    ...[
      '<!-- x -->',
      '<![CDATA[y]]>',
      '<Key>k</Key>',
      '<X/>',
      '<Size>',
      '<Size>7</Size>',
      '<ETag/>',
      '</Contents>',
      '<Contents>',
    ],
    ...[
      '<X a="b">c</X>',
      '<x:Key>k</x:Key>',
      '<IsTruncated>true</IsTruncated>',
      '<X><Key>k</Key></X>',
      '<EncodingType>url</EncodingType>',
    ],
  ];
  const cut = fc.record({
    at: fc.noBias(fc.integer({ min: 0, max: 9_999 })),
    drop: fc.constantFrom(0, 0, 0, 0, 1, 3, 6),
    atTag: fc.boolean(),
    put: fc.constantFrom('', ...pieces),
  });

  it('reads as the SDK does, or leaves to the SDK, a listing that was tampered with', async () => {
    let read = 0;
    let left = 0;
    await fc.assert(
      fc.asyncProperty(listing, fc.array(cut, { minLength: 1, maxLength: 2 }), async (page, cuts) => {
        if (!page.encoded)
          page.objects = page.objects.filter(({ key }) => !unwritable.test(key) && !blank.test(key));
        let xml = xmlOf(page);
        for (const { at, drop, atTag, put } of cuts) {
          const aimed = Math.floor((at / 10_000) * xml.length);
          // Half of the cuts go to the edge of a tag, where they make documents that are still whole.
          const start = atTag ? Math.max(aimed, xml.indexOf('<', aimed)) : aimed;
          xml = xml.slice(0, start) + put + xml.slice(start + drop);
        }
        body = xml.toWellFormed();
        const quick = attempt(() => parseListing(Buffer.from(body)));
        if (quick === null) {
          left += 1;
          return;
        }
        read += 1;
        expect(quick).toMatchObject(told(await client.send(new ListObjectsV2Command({ Bucket: 'held' }))));
      }),
      { ...sameEveryRun, numRuns: 3000 },
    );
    expect(Math.min(read, left)).toBeGreaterThan(150);
  });
});
