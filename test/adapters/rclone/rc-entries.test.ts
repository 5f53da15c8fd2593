import fc from 'fast-check';
import { expect, it } from 'vitest';
import { EntryCutter } from '../../../adapters/rclone/rc-entries.ts';

it('gives every entry of a list, wherever the bytes are cut', () => {
  const entry = fc.record({
    Path: fc.string({ unit: 'grapheme' }),
    Size: fc.integer(),
    Hashes: fc.dictionary(fc.string(), fc.string()),
  });
  fc.assert(
    fc.property(
      fc.array(entry, { maxLength: 8 }),
      fc.integer({ min: 1, max: 40 }),
      fc.boolean(),
      (list, size, indented) => {
        const text = Buffer.from(JSON.stringify({ list }, null, indented ? '\t' : undefined));
        const cutter = new EntryCutter();
        const found: unknown[] = [];
        for (let at = 0; at < text.length; at += size) {
          expect(cutter.complete, 'not before its end').toBe(at === 0);
          found.push(...cutter.push(text.subarray(at, at + size)));
        }
        expect(found).toEqual(JSON.parse(text.toString()).list);
        expect(cutter.complete).toBe(true);
      },
    ),
  );
});

it('finds nothing in an empty list, or in none', () => {
  for (const text of ['{"list":[]}', '{"list":null}']) {
    const cutter = new EntryCutter();
    expect([...cutter.push(Buffer.from(text))]).toEqual([]);
    expect(cutter.complete).toBe(true);
  }
});
