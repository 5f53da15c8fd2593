import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseV2, readV2 } from '../../../adapters/aws/listing-answer.ts';
import { scanListing } from '../../../adapters/aws/scan-listing.ts';
import { keyForms, packedObjects } from '../../../core/inventory/packed-page.ts';
import { encodeListedKey, escapeXml } from '../../../local/s3-server/xml-text.ts';
import { anyKey, sameEveryRun } from '../../support/hard-keys.ts';

const asciiKey = fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 20 });
const object = fc.record({
  key: fc.oneof({ weight: 9, arbitrary: asciiKey }, { weight: 1, arbitrary: anyKey(6) }),
  sizeBytes: fc.oneof(fc.nat(), fc.constantFrom(0, 9, 5 * 1024 ** 4, 123_456_789_012_345)),
  etag: fc.constantFrom('d41d8cd98f00b204e9800998ecf8427e', 'ab-12', '0', 'a+b%'),
  modified: fc.oneof(
    fc.constantFrom('1970-01-01T00:00:00Z', '2024-02-29T23:59:59.999Z', '2100-12-31T23:59:59.001Z'),
    fc
      .date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true })
      .map((date) => date.toISOString()),
  ),
  storageClass: fc.constantFrom('STANDARD', 'GLACIER', 'INTELLIGENT_TIERING'),
  checksums: fc.constantFrom(
    '',
    '<ChecksumAlgorithm>CRC64NVME</ChecksumAlgorithm><ChecksumType>FULL_OBJECT</ChecksumType>',
    '<ChecksumAlgorithm>SHA1</ChecksumAlgorithm><ChecksumAlgorithm>CRC32</ChecksumAlgorithm>',
  ),
});
const listing = fc.record({
  objects: fc.array(object, { minLength: 1, maxLength: 6 }),
  encoded: fc.boolean(),
  truncated: fc.boolean(),
  token: fc.constantFrom(null, 'ZnJvbTo=', 'a&b'),
});
type Listing = typeof listing extends fc.Arbitrary<infer T> ? T : never;

function bytesOf({ objects, encoded, truncated, token }: Listing): Buffer {
  const contents = objects.map(
    ({ key, sizeBytes, etag, modified, storageClass, checksums }) =>
      `<Contents><Key>${encoded ? encodeListedKey(key) : escapeXml(key)}</Key><LastModified>${modified}</LastModified>` +
      `<ETag>&quot;${etag}&quot;</ETag>${checksums}<Size>${sizeBytes}</Size><StorageClass>${storageClass}</StorageClass></Contents>`,
  );
  const around = [
    `<Name>held</Name><Prefix/><IsTruncated>${truncated}</IsTruncated>`,
    encoded ? '<EncodingType>url</EncodingType>' : '',
    token === null ? '' : `<NextContinuationToken>${escapeXml(token)}</NextContinuationToken>`,
  ];
  return Buffer.from(
    `<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${around.join('')}${contents.join('')}</ListBucketResult>`,
  );
}

/** What the scanner tells of an answer in our words, or null; and that it changed nothing where it is null. */
function scanned(bytes: Buffer) {
  const before = Buffer.from(bytes);
  const page = scanListing(bytes);
  if (page === null) {
    expect(bytes.equals(before)).toBe(true);
    return null;
  }
  const objects = packedObjects(page, 0, page.count);
  objects.forEach(({ key, etag }, index) => {
    const asItIs = JSON.stringify(key) === `"${key}"` && JSON.stringify(etag) === `"${etag}"`;
    const form = page.keyForm[index];
    if (form !== keyForms.escaped) expect(asItIs).toBe(true);
    if (form === keyForms.ascii) expect(key).toMatch(/^[ -~]*$/);
    if (page.keysIn === 'latin1') expect(key).toMatch(/^[\0-\x7f]*$/);
  });
  return { objects, truncated: page.more, next: page.token };
}

/** The same by the parser that knows every way to write a listing; null where only the SDK's does, or none. */
function parsed(bytes: Buffer) {
  try {
    const answer = parseV2(Buffer.from(bytes));
    if (Buffer.isBuffer(answer)) return null;
    const { objects, truncated, next } = answer;
    return { objects, truncated, next };
  } catch {
    return null;
  }
}

/** Whether the scanner takes the answer; then the parser must tell the same. */
function agrees(bytes: Buffer): boolean {
  const expected = parsed(bytes);
  const found = scanned(bytes);
  if (found !== null) expect(found).toEqual(expected);
  return found !== null;
}

describe('the scanner of listings', () => {
  it('tells of an answer that it takes what the parser tells', () => {
    let taken = 0;
    fc.assert(
      fc.property(listing, (given) => {
        if (agrees(bytesOf(given))) taken += 1;
      }),
      { ...sameEveryRun, numRuns: 1500 },
    );
    expect(taken).toBeGreaterThan(300);
  });

  it('takes every answer whose keys are printable ASCII, encoded or not, with checksums and without', () => {
    const printable = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 30 });
    const usual = fc.record({ object, key: printable }).map(({ object: each, key }) => ({ ...each, key }));
    fc.assert(
      fc.property(fc.array(usual, { minLength: 1, maxLength: 5 }), fc.boolean(), (objects, truncated) => {
        const bytes = bytesOf({ objects, encoded: true, truncated, token: null });
        expect(scanned(bytes)?.objects.map(({ key }) => key)).toEqual(objects.map(({ key }) => key));
      }),
      { ...sameEveryRun, numRuns: 300 },
    );
  });

  it('takes every answer whose keys are of any script, encoded or as they are', () => {
    const wide = fc.string({
      unit: fc.constantFrom(
        'a',
        '/',
        ' ',
        '+',
        '%',
        '"',
        'é',
        'ж',
        '写',
        '\u2028',
        '\ufeff',
        '\uffff',
        '😀',
        '\u{10ffff}',
      ),
      minLength: 1,
      maxLength: 12,
    });
    const forms = new Set<number>();
    fc.assert(
      fc.property(
        fc.array(fc.record({ object, key: wide }), { minLength: 1, maxLength: 5 }),
        fc.boolean(),
        (given, encoded) => {
          // What XML writes as an entity is the parser's.
          const written = (key: string) => (encoded ? key : key.replaceAll(/["\uffff]/g, 'x'));
          const objects = given.map(({ object: each, key }) => ({ ...each, key: written(key) }));
          const bytes = bytesOf({ objects, encoded, truncated: false, token: null });
          expect(scanned(Buffer.from(bytes))?.objects.map(({ key }) => key)).toEqual(
            objects.map(({ key }) => key),
          );
          for (const form of scanListing(bytes)?.keyForm.subarray(0, objects.length) ?? []) forms.add(form);
        },
      ),
      { ...sameEveryRun, numRuns: 1000 },
    );
    expect([...forms].sort()).toEqual([0, 1, 2]);
  });

  it('leaves to the parser, and changes nothing of, an answer with a key that is no UTF-8', () => {
    const keyOf = (key: string) =>
      bytesOf({
        objects: ['first%20key', key, 'z%C3%A9'].map((each) => ({
          key: each,
          sizeBytes: 1,
          etag: '0' as const,
          modified: '2024-02-29T23:59:59.999Z',
          storageClass: 'STANDARD' as const,
          checksums: '' as const,
        })),
        encoded: false,
        truncated: false,
        token: null,
      })
        .toString('latin1')
        .replace('<Prefix/>', '<Prefix/><EncodingType>url</EncodingType>');
    expect(scanned(Buffer.from(keyOf('y%C3%A9'), 'latin1'))?.objects.map(({ key }) => key)).toEqual([
      'first key',
      'yé',
      'zé',
    ]);
    for (const key of ['%C3', '%C3x', 'x%A9', '%ED%A0%80', '%C0%80', '%F4%90%80%80', '%41é%C3'])
      expect(scanned(Buffer.from(keyOf(key), 'latin1'))).toBeNull();
  });

  it('never tells of a damaged answer what the parser does not', () => {
    const damage = fc.record({
      at: fc.nat(100_000),
      text: fc.constantFrom(
        '',
        '<',
        '>',
        '&',
        '"',
        '9',
        'x',
        '%',
        '%C3',
        '%A9',
        '\r',
        '</Key>',
        '<Size>1</Size>',
        '\u00e9',
        '\u0000',
      ),
      cut: fc.constantFrom(0, 0, 1, 1, 2, 12),
    });
    let taken = 0;
    fc.assert(
      fc.property(listing, damage, (given, { at, text, cut }) => {
        const whole = bytesOf(given);
        const place = at % whole.length;
        const bytes = Buffer.concat([
          whole.subarray(0, place),
          Buffer.from(text),
          whole.subarray(place + cut),
        ]);
        if (agrees(bytes)) taken += 1;
      }),
      { ...sameEveryRun, numRuns: 6000 },
    );
    expect(taken).toBeGreaterThan(100);
  });

  it('gives way to the parser where an answer is read as objects', () => {
    fc.assert(
      fc.property(listing, (given) => {
        const expected = parsed(bytesOf(given));
        const answer = expected === null ? null : readV2(bytesOf(given));
        if (expected === null || answer === null || Buffer.isBuffer(answer)) return;
        const { ascii, ...read } = answer;
        expect(read).toEqual(expected);
        if (ascii) for (const { key } of read.objects) expect(key).toMatch(/^[\0-\x7f]*$/);
      }),
      { ...sameEveryRun, numRuns: 500 },
    );
  });

  it('leaves to the parser what is no page of objects', () => {
    const around = (inner: string) => Buffer.from(`<ListBucketResult>${inner}</ListBucketResult>`);
    expect(scanListing(around('<IsTruncated>false</IsTruncated>'))).toBeNull();
    expect(scanListing(Buffer.from('<html><Contents></Contents></html>'))).toBeNull();
    expect(scanListing(Buffer.alloc(0))).toBeNull();
  });
});
