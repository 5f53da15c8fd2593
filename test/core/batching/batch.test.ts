import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  asciiJson,
  type BatchMessage,
  decodeBatch,
  encodeBatch,
  maxMessageBytes,
} from '../../../core/batching/batch.ts';
import { openPacker } from '../../../core/batching/pack-batches.ts';
import { batchEnvelope, filesTextBudget } from '../../../core/migration.ts';
import { aBatch, aFile, aPlan } from '../../support/builders.ts';
import { anyKey, sameEveryRun } from '../../support/hard-keys.ts';

test('a batch of any keys is printable ASCII and comes back as it was', () => {
  const anyText = fc.oneof(anyKey(), fc.string({ unit: 'binary' }), fc.constant('\ud800 alone'));
  // zod's records leave out what is called `__proto__`, whatever it is.
  const name = anyText.filter((text) => text !== '__proto__');
  fc.assert(
    fc.property(anyText, anyText, fc.dictionary(name, anyText), (key, to, tags) => {
      const message = aBatch([aFile(key, { to, tags, metadata: { note: to }, etag: key })]);
      const body = encodeBatch(message);
      expect(body).toMatch(/^[\x20-\x7e]*$/);
      expect(decodeBatch(body)).toEqual(message);
    }),
    { ...sameEveryRun, numRuns: 200 },
  );
});

test('every code unit is written so that its size in bytes is its length', () => {
  const units = Array.from({ length: 0x1_0000 }, (_, unit) => String.fromCharCode(unit)).join('');
  const text = asciiJson(units);
  expect(text).toMatch(/^[\x20-\x7e]*$/);
  expect(JSON.parse(text)).toBe(units);
});

test.each([
  ['control characters', '\u0001'.repeat(1024)],
  ['characters that are not allowed in a message', '\ufffe'.repeat(341)],
  ['astral characters', '\u{1f600}'.repeat(256)],
  ['quotes', '"'.repeat(1024)],
  ['two-byte characters', 'é'.repeat(512)],
])('full batches of the longest keys of %s stay within one billing unit', (_, key) => {
  expect(Buffer.byteLength(key)).toBeGreaterThan(1020);
  const plan = aPlan({ destination: { kmsKeyId: `arn:aws:kms:us-east-1:1:key/${'f'.repeat(36)}` } });
  const packer = openPacker({ ...plan.request.batch, maxObjects: 1000, messageBytes: filesTextBudget(plan) });
  const file = aFile(key, {
    etag: `${'f'.repeat(32)}-10000`,
    modifiedAtMs: 1_700_000_000_000,
    sizeBytes: 8,
    storageClass: 'INTELLIGENT_TIERING',
  });
  const batches = [...Array.from({ length: 200 }, () => packer.add(file)).flat(), ...packer.flush()];
  const sizes = batches.map(
    ({ files }) =>
      encodeBatch({
        ...batchEnvelope(plan),
        batch: 'zzzz-999999999-r10',
        shard: 'zzzz',
        attempt: 999_999,
        files: [...files],
      }).length,
  );
  expect(Math.max(...sizes)).toBeLessThanOrEqual(maxMessageBytes);
  // The unit is used: another file would not have fitted the fullest one.
  expect(Math.max(...sizes)).toBeGreaterThan(maxMessageBytes - asciiJson(file).length - 100);
  expect(batches.flatMap(({ files }) => files)).toHaveLength(200);
});

describe('a body that is no batch', () => {
  const good = aBatch([aFile('a')]);
  const changed = (change: (message: BatchMessage & Record<string, unknown>) => void): string => {
    const message = structuredClone(good);
    change(message);
    return JSON.stringify(message);
  };
  const { folder: _, ...withoutFolder } = good;
  const run = { uploadId: 'u', index: 0, firstPart: 1, lastPart: 2, sizeBytes: 9 };

  test.each<[string, string]>([
    ['that is not JSON', 'batch'],
    ['that is empty', ''],
    ['with an unknown field', changed((message) => Object.assign(message, { more: 1 }))],
    ['with an unknown field of a file', changed(({ files }) => Object.assign(files[0] ?? {}, { more: 1 }))],
    [
      'with an unknown field of the source',
      changed(({ source }) => Object.assign(source, { accessKey: 'a' })),
    ],
    ['of another version', changed((message) => Object.assign(message, { version: 2 }))],
    ['without files', changed((message) => Object.assign(message, { files: [] }))],
    ['of attempt 0', changed((message) => Object.assign(message, { attempt: 0 }))],
    ['with a run of parts of two files', JSON.stringify(aBatch([aFile('a'), aFile('b')], { run }))],
    [
      'with a run that begins at part 0',
      JSON.stringify(aBatch([aFile('a')], { run: { ...run, firstPart: 0 } })),
    ],
    [
      'with a run beyond part 10,000',
      JSON.stringify(aBatch([aFile('a')], { run: { ...run, lastPart: 10_001 } })),
    ],
    ['without a folder', JSON.stringify(withoutFolder)],
    ['with a size below zero', JSON.stringify(aBatch([aFile('a', { sizeBytes: -1 })]))],
  ])('%s is refused', (_, body) => {
    expect(() => decodeBatch(body)).toThrow();
    expect(decodeBatch(encodeBatch(good))).toEqual(good);
    const ofParts = { ...good, run };
    expect(decodeBatch(encodeBatch(ofParts))).toEqual(ofParts);
  });
});
