import type { PackedPage } from '../../core/inventory/packed-page.ts';
import { scanObjects } from './scan-objects.ts';

/** What stands around the objects: elements with nothing but text inside, printable ASCII without escapes. */
const head =
  /^(?:<\?xml [^?]*\?>)?[ \t\r\n]*<ListBucketResult(?: xmlns="[^"]*")?>((?:<(\w+)>[ -%'-;=-~]*<\/\2>|<\w+\/>)*)$/;
const tail = /^((?:<(\w+)>[ -%'-;=-~]*<\/\2>|<\w+\/>)*)<\/ListBucketResult>[ \t\r\n]*$/;
const longestAround = 8 * 1024;

/**
 * Scans an answer to ListObjectsV2 where it lies, if it is written as Amazon S3 writes it. Gives
 * null for everything else, and has changed nothing then: `parseListing` knows more ways to write one. What it gives it
 * gives as `parseListing` would (a test holds them to each other); URL-encoded keys are decoded in place. The fields are
 * the same for every page.
 */
export function scanListing(bytes: Buffer): (PackedPage & { token: string | undefined }) | null {
  const from = bytes.indexOf('<Contents>');
  const behind = bytes.lastIndexOf('</Contents>') + '</Contents>'.length;
  if (from === -1 || behind <= from) return null;
  const told = toldAround(bytes, from, behind);
  if (told === null) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, behind);
  const objects = scanObjects(bytes, view, from, told.encoded);
  return objects === null ? null : { ...objects, more: told.truncated, token: told.token, bytes, view };
}

function toldAround(
  bytes: Buffer,
  from: number,
  behind: number,
): { truncated: boolean; encoded: boolean; token: string | undefined } | null {
  if (from > longestAround || bytes.length - behind > longestAround) return null;
  const before = head.exec(bytes.toString('latin1', 0, from));
  const after = tail.exec(bytes.toString('latin1', behind));
  if (before === null || after === null) return null;
  const values = new Map<string, string>();
  for (const [, name = '', value = ''] of `${before[1]}${after[1]}`.matchAll(/<(\w+)(?:\/>|>([^<]*))/g)) {
    // Elements that have children, or may come twice, do not come here.
    if (values.has(name)) return null;
    values.set(name, value);
  }
  const [truncated, encoding] = [values.get('IsTruncated'), values.get('EncodingType')];
  if ((truncated !== 'true' && truncated !== 'false') || (encoding !== undefined && encoding !== 'url'))
    return null;
  return {
    truncated: truncated === 'true',
    encoded: encoding === 'url',
    token: values.get('NextContinuationToken'),
  };
}
