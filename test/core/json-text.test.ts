import fc from 'fast-check';
import { expect, test } from 'vitest';
import { asciiJson, BatchFile } from '../../core/batching/batch.ts';
import { Decision, InventoryRow } from '../../core/inventory/inventory-row.ts';
import { fileText, rowText } from '../../core/json-text.ts';
import { ExceptionKind } from '../../core/transfer/outcome.ts';
import { anyKey, sameEveryRun } from '../support/hard-keys.ts';

// Lone surrogates are no keys; a store's other words are taken as they come.
const text = fc.oneof(anyKey(8), fc.string({ unit: 'binary', maxLength: 8 }), fc.constant(''));
const count = fc.oneof(fc.nat(), fc.maxSafeNat());
const nullable = fc.option(text);
const words = fc.dictionary(text, text, { maxKeys: 3 });
const listed = {
  key: anyKey(8),
  sizeBytes: count,
  etag: nullable,
  modifiedAtMs: fc.oneof(count, fc.integer({ min: -1e12, max: 0 })),
  storageClass: nullable,
};

test('a row of the inventory is written as JSON.stringify writes it', () => {
  const row = fc.record(
    {
      ...listed,
      decision: fc.constantFrom(...Decision.options),
      kind: fc.constantFrom(...ExceptionKind.options),
      reason: text,
    },
    { requiredKeys: ['key', 'sizeBytes', 'etag', 'modifiedAtMs', 'storageClass', 'decision'] },
  );
  fc.assert(
    fc.property(row, (drawn) => {
      const { key, sizeBytes, etag, modifiedAtMs, storageClass, decision, kind, reason } = drawn;
      const inOrder = { key, sizeBytes, etag, modifiedAtMs, storageClass, decision, kind, reason };
      expect(rowText(drawn, drawn)).toBe(JSON.stringify(inOrder));
      expect(InventoryRow.parse(JSON.parse(rowText(drawn, drawn)))).toEqual(drawn);
    }),
    { ...sameEveryRun, numRuns: 2000 },
  );
});

test('a file of a message is written as asciiJson writes it, in printable ASCII', () => {
  const drawnFile = fc
    .record(
      { ...listed, renamed: fc.option(anyKey(8)), metadata: words, tags: words },
      { requiredKeys: ['key', 'sizeBytes', 'etag', 'modifiedAtMs', 'storageClass', 'renamed'] },
    )
    .map(({ renamed, ...file }) => ({ ...file, to: renamed ?? file.key }));
  fc.assert(
    fc.property(drawnFile, (drawn) => {
      const { key } = drawn;
      expect(fileText(drawn)).toBe(asciiJson(inOrderOf(drawn)));
      expect(fileText(drawn)).toMatch(/^[ -~]*$/);
      expect(JSON.parse(fileText(drawn))).toEqual(JSON.parse(JSON.stringify(drawn)));
      expect(BatchFile.shape.key.parse(JSON.parse(fileText(drawn)).key)).toBe(key);
    }),
    { ...sameEveryRun, numRuns: 2000 },
  );
});

test('a file that follows its row is written as if it stood alone', () => {
  const object = fc.record(listed);
  const changes = fc.record(listed, { requiredKeys: [] });
  fc.assert(
    fc.property(object, changes, (ofRow, changed) => {
      const file = { ...ofRow, ...changed };
      rowText(ofRow, { decision: 'transfer' });
      expect(fileText({ ...file, to: file.key })).toBe(asciiJson(inOrderOf({ ...file, to: file.key })));
      rowText(ofRow, { decision: 'transfer' });
      expect(fileText({ ...ofRow, to: `new/${ofRow.key}` })).toBe(
        asciiJson(inOrderOf({ ...ofRow, to: `new/${ofRow.key}` })),
      );
    }),
    { ...sameEveryRun, numRuns: 1000 },
  );
});

function inOrderOf({ key, to, sizeBytes, etag, modifiedAtMs, storageClass, metadata, tags }: BatchFile) {
  return { key, to, sizeBytes, etag, modifiedAtMs, storageClass, metadata, tags };
}
