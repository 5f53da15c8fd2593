import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { decodeJson, decodeLines, encodeJson, encodeLines } from '../../core/json-lines.ts';
import { anyKey, sameEveryRun } from '../support/hard-keys.ts';

const Row = z.strictObject({ key: z.string() });

test('rows of any keys come back as they were, also from files that were joined', () => {
  const rows = fc.array(
    anyKey().map((key) => ({ key })),
    { maxLength: 20 },
  );
  fc.assert(
    fc.property(rows, rows, (first, second) => {
      const joined = Buffer.concat([encodeLines(first), encodeLines(second)]);
      expect(decodeLines(joined, Row)).toEqual([...first, ...second]);
    }),
    { ...sameEveryRun, numRuns: 50 },
  );
});

test('a file has one line for each row and is gzip that any tool reads', () => {
  const rows = [{ key: 'a\nb' }, { key: '\u2028' }];
  expect(gunzipSync(encodeLines(rows)).toString()).toBe('{"key":"a\\nb"}\n{"key":"\u2028"}\n');
  expect(decodeLines(encodeLines([]), Row)).toEqual([]);
});

test.each([
  ['a row of another schema', gzipSync('{"key":"a"}\n{"key":"b","more":1}\n')],
  ['half a row', gzipSync('{"key":"a"}\n{"ke')],
  ['what is not gzipped', Buffer.from('{"key":"a"}\n')],
  ['a file that was cut off', encodeLines([{ key: 'a'.repeat(1000) }]).subarray(0, 20)],
])('%s is refused, not skipped', (_, bytes) => {
  expect(() => decodeLines(bytes, Row)).toThrow();
});

test('a JSON file comes back as it was, and one of another schema is refused', () => {
  expect(decodeJson(encodeJson({ key: 'ä\u{1f600}' }), Row)).toEqual({ key: 'ä\u{1f600}' });
  expect(new TextDecoder().decode(encodeJson({ key: 'a' }))).toBe('{\n  "key": "a"\n}\n');
  expect(() => decodeJson(encodeJson({ key: 1 }), Row)).toThrow();
});
