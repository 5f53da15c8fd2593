import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesFromText, textFromBytes } from '../../core/byte-size.ts';
import { sameEveryRun } from '../support/hard-keys.ts';

describe('bytes from text', () => {
  test.each([
    ['512', 512],
    ['0', 0],
    ['1 B', 1],
    ['8 GiB', 8 * 1024 ** 3],
    ['8gib', 8 * 1024 ** 3],
    ['  64 KiB ', 65_536],
    ['1.5MB', 1_500_000],
    ['1.5 MiB', 1_572_864],
    ['2 kb', 2000],
    ['5 TiB', 5 * 1024 ** 4],
    ['5 TB', 5e12],
    ['3 GB', 3e9],
    ['0.1 KB', 100],
    ['1.2345 KB', 1235],
  ])('reads %j as %d', (text, bytes) => {
    expect(bytesFromText(text)).toBe(bytes);
  });

  test.each([
    '',
    ' ',
    'GiB',
    '-1',
    '1,5 GB',
    '1e3',
    '1 GiB 2 MiB',
    '8 GB!',
    '1 gigabyte',
    '1 PB',
    '.5 GB',
    '1. GB',
    '99999999999 TiB',
    '0x10',
  ])('refuses %j', (text) => {
    expect(bytesFromText(text)).toBeNull();
  });
});

describe('text from bytes', () => {
  test.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.00 KiB'],
    [1536, '1.50 KiB'],
    [10 * 1024, '10.0 KiB'],
    [999 * 1024, '999 KiB'],
    [1000 * 1024, '0.98 MiB'],
    [8 * 1024 ** 3, '8.00 GiB'],
    [2.7e15, '2.40 PiB'],
    [5000 * 1024 ** 5, '5000 PiB'],
  ])('writes %d as %j', (bytes, text) => {
    expect(textFromBytes(bytes)).toBe(text);
  });

  test('what is written up to terabytes is read back within one percent', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 900 * 1024 ** 4 }), (bytes) => {
        const back = bytesFromText(textFromBytes(bytes));
        expect(Math.abs((back ?? -1) - bytes)).toBeLessThanOrEqual(bytes * 0.01);
      }),
      sameEveryRun,
    );
  });
});
