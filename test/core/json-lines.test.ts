import { gunzipSync, gzipSync, zstdDecompressSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { decodeJson, decodeLines, encodeJson, encodeLines, openLines } from '../../core/json-lines.ts';
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

test('rows that are written as they come, as text or as bytes, are one zstd frame that any tool reads', () => {
  const rows = fc.array(
    anyKey().map((key) => ({ key })),
    { maxLength: 200 },
  );
  fc.assert(
    fc.property(rows, fc.nat(), (all, seed) => {
      const lines = openLines();
      for (const [index, row] of all.entries()) {
        const line = `${JSON.stringify(row)}\n`;
        if ((seed + index) % 3 > 0) {
          lines.add(line.slice(0, -1));
          continue;
        }
        const bytes = Buffer.from(line);
        lines.put(bytes.length, (place, at) => {
          bytes.forEach((byte, offset) => {
            place.setUint8(at + offset, byte);
          });
          return at + bytes.length;
        });
      }
      const file = lines.encode();
      expect(zstdDecompressSync(file).toString()).toBe(all.map((row) => `${JSON.stringify(row)}\n`).join(''));
      expect(decodeLines(file, Row)).toEqual(all);
    }),
    { ...sameEveryRun, numRuns: 60 },
  );
});

function linesOf(...rows: string[]): Uint8Array {
  const lines = openLines();
  for (const row of rows) lines.add(row);
  return lines.encode();
}

function damaged(file: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(file);
  copy[copy.length - 6] = (copy[copy.length - 6] ?? 0) ^ 1;
  return copy;
}

test.each([
  ['a row of another schema', gzipSync('{"key":"a"}\n{"key":"b","more":1}\n')],
  ['half a row', gzipSync('{"key":"a"}\n{"ke')],
  ['what is not gzipped', Buffer.from('{"key":"a"}\n')],
  ['a file that was cut off', encodeLines([{ key: 'a'.repeat(1000) }]).subarray(0, 20)],
  ['a piece of an inventory that was cut off', linesOf('{"key":"abc"}').subarray(0, -1)],
  ['a piece of an inventory with another byte in it', damaged(linesOf('{"key":"abc"}'))],
  ['a piece of an inventory with half a row', linesOf('{"key":"a"}', '{"ke')],
  ['an empty file', new Uint8Array()],
])('%s is refused, not skipped', (_, bytes) => {
  expect(() => decodeLines(bytes, Row)).toThrow();
});

test('a JSON file comes back as it was, and one of another schema is refused', () => {
  expect(decodeJson(encodeJson({ key: 'ä\u{1f600}' }), Row)).toEqual({ key: 'ä\u{1f600}' });
  expect(new TextDecoder().decode(encodeJson({ key: 'a' }))).toBe('{\n  "key": "a"\n}\n');
  expect(() => decodeJson(encodeJson({ key: 1 }), Row)).toThrow();
});
