import { parseQuery } from './raw-target.ts';
import { S3Error } from './s3-error.ts';
import { childText, readXml } from './xml-reader.ts';
import { escapeXml, xmlDocument } from './xml-text.ts';

type Tags = Readonly<Record<string, string>>;

/** S3's limits for an object: ten tags, keys of 128 and values of 256 characters. */
const MOST_TAGS = 10;
const LONGEST_TAG_KEY = 128;
const LONGEST_TAG_VALUE = 256;
/** The pattern of the S3 API reference: letters, spaces and numbers of any script, and a few signs. */
const TAG_TEXT = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

/** Tags as the `x-amz-tagging` header carries them, which is how a query string does. @throws {S3Error} InvalidTag, InvalidArgument */
export function tagsFromHeader(text: string): Tags {
  const pairs = text.split('&').filter((pair) => pair !== '');
  const tags = parseQuery(text);
  if (tags.size !== pairs.length) {
    throw new S3Error('InvalidArgument', {
      message:
        "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.",
    });
  }
  return checked([...tags]);
}

/** Tags of a PutObjectTagging body. @throws {S3Error} MalformedXML, InvalidTag */
export function tagsFromXml(document: string): Tags {
  const root = readXml(document);
  const set = root.children.find((child) => child.name === 'TagSet');
  if (root.name !== 'Tagging' || set === undefined) throw new S3Error('MalformedXML');
  const pairs = set.children.map((tag): [string, string] => {
    const key = childText(tag, 'Key');
    const value = childText(tag, 'Value');
    if (tag.name !== 'Tag' || key === undefined || value === undefined) throw new S3Error('MalformedXML');
    return [key, value];
  });
  return checked(pairs);
}

/** The answer to GetObjectTagging. */
export function tagsToXml(tags: Tags): string {
  const inner = Object.entries(tags)
    .map(([key, value]) => `<Tag><Key>${escapeXml(key)}</Key><Value>${escapeXml(value)}</Value></Tag>`)
    .join('');
  return xmlDocument('Tagging', `<TagSet>${inner}</TagSet>`);
}

function checked(pairs: readonly (readonly [string, string])[]): Tags {
  if (pairs.length > MOST_TAGS) {
    throw new S3Error('InvalidTag', { message: `Object tags cannot be greater than ${MOST_TAGS}` });
  }
  const tags = new Map<string, string>();
  for (const [key, value] of pairs) {
    if (key === '' || key.length > LONGEST_TAG_KEY || !TAG_TEXT.test(key)) {
      throw new S3Error('InvalidTag', { message: 'The TagKey you have provided is invalid' });
    }
    if (value.length > LONGEST_TAG_VALUE || !TAG_TEXT.test(value)) {
      throw new S3Error('InvalidTag', { message: 'The TagValue you have provided is invalid' });
    }
    if (tags.has(key)) {
      throw new S3Error('InvalidTag', { message: 'Cannot provide multiple Tags with the same key' });
    }
    tags.set(key, value);
  }
  return Object.fromEntries(tags);
}
