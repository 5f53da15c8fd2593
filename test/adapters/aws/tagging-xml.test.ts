import fc from 'fast-check';
import { expect, test } from 'vitest';
import { taggingBySdk } from '../../../adapters/aws/read-by-sdk.ts';
import { tagsOf } from '../../../adapters/aws/s3-properties.ts';
import { parseTagging } from '../../../adapters/aws/tagging-xml.ts';
import { sameEveryRun } from '../../support/hard-keys.ts';

// Amazon takes letters, numbers, spaces and `+-=._:/@`; other stores take more. The SDK loses text of nothing but white space.
const text = fc
  .array(
    fc.constantFrom(
      'a',
      'B',
      '7',
      ' ',
      '+',
      '=',
      '.',
      ':',
      '/',
      '@',
      'é',
      '写',
      '😀',
      '&',
      '<',
      '>',
      '"',
      "'",
    ),
    {
      maxLength: 6,
    },
  )
  .map((characters) => characters.join(''))
  .filter((each) => each === '' || each.trim() !== '');
const tags = fc.dictionary(
  text.filter((each) => each !== '' && each !== '__proto__'),
  text,
  { maxKeys: 10 },
);
const dialect = fc.record({
  prolog: fc.constantFrom('', '<?xml version="1.0" encoding="UTF-8"?>\n'),
  xmlns: fc.constantFrom('', ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'),
  space: fc.constantFrom('', '\n  '),
  emptyTag: fc.boolean(),
});
type Dialect = { prolog: string; xmlns: string; space: string; emptyTag: boolean };
const escaped = (value: string) =>
  value.replace(/[&<>"]/g, (mark) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[mark] ?? '&#34;');

function xmlOf(all: Record<string, string>, { prolog, xmlns, space, emptyTag }: Dialect) {
  const each = Object.entries(all).map(([key, value]) => {
    const told = value === '' && emptyTag ? '<Value/>' : `<Value>${escaped(value)}</Value>`;
    return `${space}<Tag>${space}<Key>${escaped(key)}</Key>${space}${told}${space}</Tag>`;
  });
  const set = each.length === 0 && emptyTag ? '<TagSet/>' : `<TagSet>${each.join('')}${space}</TagSet>`;
  return `${prolog}<Tagging${xmlns}>${space}${set}${space}</Tagging>`;
}

test('tags are read as the AWS SDK reads them, in every dialect', async () => {
  await fc.assert(
    fc.asyncProperty(tags, dialect, async (all, written) => {
      const body = Buffer.from(xmlOf(all, written));
      expect(parseTagging(body)).toEqual({ ...all });
      if (Object.keys(all).length > 0) expect(tagsOf(await taggingBySdk(body))).toEqual({ ...all });
    }),
    { ...sameEveryRun, numRuns: 300 },
  );
});

const one = '<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>';

test.each([
  [
    'with its value before its key',
    one.replace('<Key>a</Key><Value>b</Value>', '<Value>b</Value><Key>a</Key>'),
  ],
  ['with an attribute', one.replace('<Tag>', '<Tag id="1">')],
  ['with a comment', one.replace('<Tag>', '<!-- --><Tag>')],
  ['with CDATA', one.replace('>a<', '><![CDATA[a]]><')],
  ['with text between elements', one.replace('<Tag>', 'x<Tag>')],
  ['with an unknown reference', one.replace('>a<', '>&uuml;<')],
  ['with two sets', one.replace('</TagSet>', '</TagSet><TagSet></TagSet>')],
  ['that breaks off', one.slice(0, -12)],
  ['that is none', '<html></html>'],
])('an answer %s is left to a whole XML parser', (_, xml) => {
  expect(parseTagging(Buffer.from(xml))).toBeNull();
});

test('an answer that is not UTF-8 is left to a whole XML parser', () => {
  const body = Buffer.from(one.replace('>a<', '>#<'));
  body[body.indexOf('#')] = 0xe9;
  expect(parseTagging(body)).toBeNull();
});
