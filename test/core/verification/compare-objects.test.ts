import { describe, expect, test } from 'vitest';
import {
  type Comparison,
  compareObjects,
  type EtagTrust,
  isPlainMd5,
  proofOfCopy,
} from '../../../core/verification/compare-objects.ts';

const full: EtagTrust = { compare: 'checksum', sourceEtagIsMd5: true, destinationEtagIsMd5: true };
const [md5, otherMd5] = ['0123456789abcdef0123456789abcdef', 'ffffffffffffffffffffffffffffffff'];
const parts = `${md5}-3`;

type Row = [string, Partial<EtagTrust>, [number, string | null], [number, string | null], Comparison];

test.each<Row>([
  ['sizes that differ', {}, [1, md5], [2, md5], { same: false, differs: 'size' }],
  [
    'sizes that differ, compared by size',
    { compare: 'size' },
    [1, md5],
    [2, md5],
    { same: false, differs: 'size' },
  ],
  [
    'other checksums, compared by size',
    { compare: 'size' },
    [1, md5],
    [1, otherMd5],
    { same: true, proof: 'size' },
  ],
  [
    'equal checksums, compared by size',
    { compare: 'size' },
    [1, md5],
    [1, md5],
    { same: true, proof: 'size' },
  ],
  ['equal MD5', {}, [1, md5], [1, md5], { same: true, proof: 'checksum' }],
  ['equal MD5 in another case', {}, [1, md5], [1, md5.toUpperCase()], { same: true, proof: 'checksum' }],
  ['unequal MD5', {}, [1, md5], [1, otherMd5], { same: false, differs: 'checksum' }],
  ['equal ETags of parts', {}, [1, parts], [1, parts], { same: true, proof: 'checksum' }],
  ['ETags of parts that differ', {}, [1, parts], [1, `${otherMd5}-3`], { same: true, proof: 'size' }],
  ['ETags of other parts', {}, [1, parts], [1, `${md5}-4`], { same: true, proof: 'size' }],
  ['an MD5 and parts', {}, [1, md5], [1, parts], { same: true, proof: 'size' }],
  ['parts and an MD5', {}, [1, parts], [1, md5], { same: true, proof: 'size' }],
  ['no ETag at the source', {}, [1, null], [1, md5], { same: true, proof: 'size' }],
  ['no ETag at the destination', {}, [1, md5], [1, null], { same: true, proof: 'size' }],
  ['no ETag at all', {}, [1, null], [1, null], { same: true, proof: 'size' }],
  ['equal ETags that are no MD5', {}, [1, 'v1'], [1, 'v1'], { same: true, proof: 'size' }],
  [
    'a source that is not believed',
    { sourceEtagIsMd5: false },
    [1, md5],
    [1, otherMd5],
    { same: true, proof: 'size' },
  ],
  [
    'a destination that is not believed',
    { destinationEtagIsMd5: false },
    [1, md5],
    [1, otherMd5],
    { same: true, proof: 'size' },
  ],
  [
    'equal ETags of a side that is not believed',
    { destinationEtagIsMd5: false },
    [1, parts],
    [1, parts],
    { same: true, proof: 'size' },
  ],
  ['empty objects', {}, [0, md5], [0, md5], { same: true, proof: 'checksum' }],
  ['empty objects with an ETag made up', {}, [0, md5], [0, otherMd5], { same: true, proof: 'size' }],
])('%s', (_, trust, [size, etag], [otherSize, otherEtag], result) => {
  const compared = compareObjects(
    { sizeBytes: size, etag },
    { sizeBytes: otherSize, etag: otherEtag },
    { ...full, ...trust },
  );
  expect(compared).toEqual(result);
});

test.each([
  [md5, true],
  [md5.toUpperCase(), true],
  [parts, false],
  [`${md5}0`, false],
  [md5.slice(1), false],
  [`"${md5}"`, false],
  ['', false],
  [null, false],
])('%j is the form of a plain MD5: %s', (etag, is) => {
  expect(isPlainMd5(etag)).toBe(is);
});

describe('the proof of a copy', () => {
  const source = { sizeBytes: 1, etag: md5, modifiedAtMs: 5700 };

  test.each<
    [string, { sizeBytes?: number; etag?: string; modifiedAtMs?: number }, 'checksum' | 'size' | null]
  >([
    ['is the checksum, however old the copy is', { modifiedAtMs: 0 }, 'checksum'],
    ['is the size where the copy is newer', { etag: parts, modifiedAtMs: 6000 }, 'size'],
    ['is the size where both are of one time', { etag: parts }, 'size'],
    ['is the size where only parts of a second are between', { etag: parts, modifiedAtMs: 5000 }, 'size'],
    ['is none where the copy is older and of equal size alone', { etag: parts, modifiedAtMs: 4999 }, null],
    ['is none where the checksum differs', { etag: otherMd5, modifiedAtMs: 9000 }, null],
    ['is none where the size differs', { sizeBytes: 2, modifiedAtMs: 9000 }, null],
  ])('%s', (_, copy, proof) => {
    expect(proofOfCopy(source, { ...source, ...copy }, full)).toBe(proof);
  });
});
