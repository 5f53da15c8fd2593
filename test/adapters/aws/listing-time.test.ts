import fc from 'fast-check';
import { expect, test } from 'vitest';
import { momentAt, momentLength } from '../../../adapters/aws/listing-time.ts';
import { UnusualListing } from '../../../adapters/aws/listing-values.ts';
import { sameEveryRun } from '../../support/hard-keys.ts';

const read = (text: string) => momentAt(`<${text}<`, 1, momentLength(`<${text}<`, 1));

test('a time of a listing is read as Date.parse reads it, from the year 1 to 9999', () => {
  fc.assert(
    fc.property(
      fc.date({
        min: new Date('0001-01-01T00:00:00Z'),
        max: new Date('9999-12-31T23:59:59.999Z'),
        noInvalidDate: true,
      }),
      fc.boolean(),
      (date, withMilliseconds) => {
        const text = withMilliseconds ? date.toISOString() : date.toISOString().replace(/\.\d{3}/, '');
        expect(read(text)).toBe(Date.parse(text));
      },
    ),
    { ...sameEveryRun, numRuns: 2000 },
  );
});

test.each([
  ['2023-02-29T00:00:00Z', 'a day that does not exist'],
  ['1900-02-29T00:00:00Z', 'a leap day of a year that has none'],
  ['2023-04-31T00:00:00Z', 'a thirty-first of April'],
  ['2023-00-10T00:00:00Z', 'no month'],
  ['2023-13-10T00:00:00Z', 'a thirteenth month'],
  ['2023-01-00T00:00:00Z', 'no day'],
  ['2023-01-01T24:00:00Z', 'an hour of 24'],
  ['2023-01-01T00:60:00Z', 'a minute of 60'],
  ['2023-01-01 00:00:00Z', 'no T'],
  ['2023-01-01T00:00:00', 'no zone'],
  ['2023-01-01T00:00:00+01:00', 'another zone'],
  ['2023-01-01T00:00:00.5Z', 'tenths of a second'],
  ['+023-01-01T00:00:00Z', 'a sign'],
  ['Mon, 01 Jan 2024 00:00:00 GMT', 'another form'],
  ['', 'nothing'],
])('%s is left to the SDK: %s', (text) => {
  expect(() => read(text)).toThrow(UnusualListing);
});
