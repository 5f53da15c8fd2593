import { expect, it } from 'vitest';
import { parseListing, UnusualListing } from '../../../adapters/aws/listing-xml.ts';

const whole =
  '<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>a</Key><LastModified>2024-01-01T00:00:00Z</LastModified><Size>1</Size></Contents></ListBucketResult>';
it.each<[string, string]>([
  ['that is a web page', '<html><body>Sign in</body></html>'],
  ['that is cut off', whole.slice(0, -10)],
  ['that goes on behind its end', `${whole}<p>`],
  ['that does not say whether it ends', whole.replace('<IsTruncated>false</IsTruncated>', '')],
  ['that says it twice', whole.replace('<Contents>', '<IsTruncated>true</IsTruncated><Contents>')],
  ['with an attribute', whole.replace('<Key>', '<Key lang="en">')],
  ['with a comment', whole.replace('<Contents>', '<!-- no --><Contents>')],
  ['with CDATA', whole.replace('>a<', '><![CDATA[a]]><')],
  ['with text between its elements', whole.replace('<Contents>', 'more<Contents>')],
  ['with an element inside a key', whole.replace('>a<', '><b>a</b><')],
  ['with two keys of one object', whole.replace('<Size>', '<Key>b</Key><Size>')],
  ['with an unknown reference', whole.replace('>a<', '>&uuml;<')],
  ['with a reference to half a character', whole.replace('>a<', '>&#xD800;<')],
  ['with a bare ampersand', whole.replace('>a<', '>a & b<')],
  ['with a bare carriage return in a key', whole.replace('>a<', '>a\r<')],
  ['with a size that is no number', whole.replace('>1<', '>1e3<')],
  ['without the size of an object', whole.replace('<Size>1</Size>', '')],
  ['with a time of another form', whole.replace('2024-01-01T00:00:00Z', 'Mon, 01 Jan 2024 00:00:00 GMT')],
  ['with a day that does not exist', whole.replace('2024-01-01', '2024-13-01')],
  ['with a namespace prefix', whole.replaceAll('Contents>', 's3:Contents>')],
])('the quick parser leaves to the SDK a listing %s', (_, xml) => {
  expect(() => parseListing(Buffer.from(xml))).toThrow(UnusualListing);
});

it('reads a key of nothing but white space, which the SDK loses', () => {
  const page = parseListing(Buffer.from(whole.replace('>a<', '>\n <')));
  expect(page.entries.map(({ key }) => key)).toEqual(['\n ']);
});

it.each(['a%20b', 'a+b', 'a&#43;b', 'a&#x25;20b'])(
  'sees that the encoded key %s is not as it is written',
  (key) => {
    const encoded = whole
      .replace('>a<', `>${key}<`)
      .replace('<Contents>', '<EncodingType>url</EncodingType><Contents>');
    expect(parseListing(Buffer.from(encoded)).keys).toBe('encoded');
    expect(parseListing(Buffer.from(encoded.replace(key, 'ab'))).keys).toBe('ascii');
  },
);

it.each(['é', '&#233;'])('takes no key for ASCII that has %s in it', (character) => {
  const page = parseListing(Buffer.from(whole.replace('>a<', `>${character}<`)));
  expect([page.keys, page.entries[0]?.key]).toEqual(['asTheyAre', 'é']);
});

it('leaves to the SDK a listing that is not UTF-8, rather than changing a key', () => {
  const bytes = Buffer.from(whole.replace('>a<', '>#<'));
  bytes[bytes.indexOf('#')] = 0xe9;
  expect(() => parseListing(bytes)).toThrow(UnusualListing);
});
