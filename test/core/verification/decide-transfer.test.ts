import { expect, test } from 'vitest';
import type { ObjectSummary } from '../../../core/inventory/inventory-row.ts';
import { decideTransfer } from '../../../core/verification/decide-transfer.ts';
import { anObject } from '../../support/builders.ts';

const md5 = '0123456789abcdef0123456789abcdef';
const trust = { compare: 'checksum', sourceEtagIsMd5: true, destinationEtagIsMd5: true } as const;
const object = anObject('a', { etag: md5, modifiedAtMs: 5000 });
const same = anObject('p/a', { etag: md5, modifiedAtMs: 1 });
const otherSize = anObject('p/a', { etag: md5, sizeBytes: 2, modifiedAtMs: 9000 });
const otherBytes = anObject('p/a', { etag: md5.replaceAll('0', 'f'), modifiedAtMs: 9000 });
const unproven = (modifiedAtMs: number) => anObject('p/a', { etag: `${md5}-2`, modifiedAtMs });

test.each<['replace-if-different' | 'keep' | 'replace', string, ObjectSummary | null, string]>([
  ['replace-if-different', 'nothing', null, 'transfer'],
  ['keep', 'nothing', null, 'transfer'],
  ['replace', 'nothing', null, 'transfer'],
  ['keep', 'the same', same, 'kept'],
  ['keep', 'another size', otherSize, 'kept'],
  ['keep', 'an older one of equal size', unproven(1), 'kept'],
  ['replace', 'the same', same, 'transfer'],
  ['replace', 'another size', otherSize, 'transfer'],
  ['replace-if-different', 'another size', otherSize, 'transfer'],
  ['replace-if-different', 'another checksum', otherBytes, 'transfer'],
  ['replace-if-different', 'the same by checksum, though older', same, 'unchanged'],
  ['replace-if-different', 'an older one of equal size', unproven(4999), 'transfer'],
  ['replace-if-different', 'one of equal size and time', unproven(5000), 'unchanged'],
  ['replace-if-different', 'a newer one of equal size', unproven(5001), 'unchanged'],
])('%s, at the destination %s', (existing, _, there, decision) => {
  expect(decideTransfer(object, there, existing, trust)).toBe(decision);
});
