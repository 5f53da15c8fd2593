import { justAfter, pastPrefix } from './byte-bounds.ts';
import { commonPrefix, listPage, type Page } from './list-page.ts';
import { listedObjectsXml } from './listing-xml.ts';
import { addressedBucket, type Operation, type S3Request, type ServerState, xmlAnswer } from './operation.ts';
import { S3Error } from './s3-error.ts';
import { encodeListedKey, escapeXml, xmlDocument, xmlPieces } from './xml-text.ts';

/** S3 never gives more in one page, whatever was asked for. */
const LARGEST_PAGE = 1000;

const START = new Uint8Array(0);

const tokensOnly: ReadonlySet<string> = new Set(['token-only', 'no-delimiter']);
const ignoresStartAfter: ReadonlySet<string> = new Set(['no-start-after', ...tokensOnly]);

/**
 * ListObjectsV2. A `start-after` inside a rolled-up prefix still shows that prefix when a later key is in it;
 * a continuation token, which stands after what the last page showed, does not. `faults.listing`:
 * `v1-only` does not know this operation, `no-start-after` lists from the beginning whatever was asked,
 * `token-only` does so in both versions and goes on by its own tokens alone, `no-delimiter` does the same and shows no folders, `unordered` gives each page upside down, `no-url-encoding` ignores `encoding-type`.
 */
export const listObjectsV2: Operation = (server, request) => {
  const { listing } = server.faults.settings;
  if (listing === 'v1-only') throw new S3Error('NotImplemented');
  const { bucket, query, show, prefix, delimiter, maxKeys } = listingRequest(server, request);
  const token = query.get('continuation-token');
  const startAfter = query.get('start-after');
  const usesStartAfter = startAfter !== undefined && startAfter !== '' && !ignoresStartAfter.has(listing);
  const from = token !== undefined ? readToken(token) : usesStartAfter ? justAfter(startAfter) : START;
  const told = ({ shown, next }: { shown: number; next: Uint8Array | undefined }) =>
    `<Name>${bucket.name}</Name><Prefix>${show(prefix)}</Prefix>` +
    optional('Delimiter', delimiter === '' ? undefined : show(delimiter)) +
    `<MaxKeys>${maxKeys}</MaxKeys><KeyCount>${shown}</KeyCount>` +
    `<IsTruncated>${next !== undefined}</IsTruncated>` +
    encodingElement(server, request) +
    optional('ContinuationToken', token === undefined ? undefined : escapeXml(token)) +
    optional('NextContinuationToken', next && writeToken(next)) +
    optional('StartAfter', startAfter === undefined ? undefined : show(startAfter));
  const withOwner = query.get('fetch-owner') === 'true';
  const isPlain = listing === 'v2' && prefix === '' && delimiter === '' && maxKeys > 0 && !withOwner;
  const written = isPlain ? (bucket.shelf.writtenPage?.(from, maxKeys) ?? null) : null;
  if (written !== null) {
    const { rows, count, next } = written;
    return xmlAnswer(xmlPieces('ListBucketResult', told({ shown: count, next }), rows));
  }
  const page = listPage(bucket.shelf, { prefix, delimiter, from, maxKeys });
  const shown = page.objects.length + page.commonPrefixes.length;
  const inner = told({ shown, next: page.next }) + contents(page, listing, show, withOwner);
  return xmlAnswer(xmlDocument('ListBucketResult', inner));
};

/**
 * ListObjects, the first version. `marker` may be a common prefix, and then nothing below it is shown again;
 * NextMarker is given only with a delimiter, for without one the last key serves.
 */
export const listObjects: Operation = (server, request) => {
  const { listing } = server.faults.settings;
  const { bucket, query, show, prefix, delimiter, maxKeys } = listingRequest(server, request);
  const marker = tokensOnly.has(listing) ? '' : (query.get('marker') ?? '');
  const page = listPage(bucket.shelf, {
    prefix,
    delimiter,
    from: afterMarker(marker, prefix, delimiter),
    maxKeys,
  });
  const nextMarker = delimiter !== '' && page.next !== undefined ? page.lastItem : undefined;
  const inner =
    `<Name>${bucket.name}</Name><Prefix>${show(prefix)}</Prefix><Marker>${show(marker)}</Marker>` +
    optional('NextMarker', nextMarker === undefined ? undefined : show(nextMarker)) +
    optional('Delimiter', delimiter === '' ? undefined : show(delimiter)) +
    `<MaxKeys>${maxKeys}</MaxKeys><IsTruncated>${page.next !== undefined}</IsTruncated>` +
    encodingElement(server, request) +
    contents(page, listing, show, true);
  return xmlAnswer(xmlDocument('ListBucketResult', inner));
};

function listingRequest(server: ServerState, request: S3Request) {
  const { query } = request.target;
  return {
    bucket: addressedBucket(server, request.target.bucket),
    query,
    show: encodesUrls(server, request) ? encodeListedKey : escapeXml,
    prefix: query.get('prefix') ?? '',
    delimiter: server.faults.settings.listing === 'no-delimiter' ? '' : (query.get('delimiter') ?? ''),
    maxKeys: pageSize(query.get('max-keys'), 'max-keys'),
  };
}

/**
 * A page size from the query: 1,000 when absent and at most 1,000.
 * @throws {S3Error} InvalidArgument
 */
export function pageSize(text: string | undefined, name: string): number {
  if (text === undefined || text === '') return LARGEST_PAGE;
  const asked = Number(text);
  if (!/^\d+$/.test(text) || asked > 2_147_483_647) {
    throw new S3Error('InvalidArgument', {
      message: `Provided ${name} not an integer or within integer range`,
      elements: { ArgumentName: name, ArgumentValue: text },
    });
  }
  return Math.min(asked, LARGEST_PAGE);
}

/** @throws {S3Error} InvalidArgument for an encoding other than `url` */
export function encodesUrls(server: ServerState, request: S3Request): boolean {
  const encoding = request.target.query.get('encoding-type');
  if (encoding === undefined || encoding === '') return false;
  if (encoding !== 'url') {
    throw new S3Error('InvalidArgument', { message: 'Invalid Encoding Method specified in Request' });
  }
  return server.faults.settings.listing !== 'no-url-encoding';
}

function encodingElement(server: ServerState, request: S3Request): string {
  return encodesUrls(server, request) ? '<EncodingType>url</EncodingType>' : '';
}

function optional(name: string, value: string | undefined): string {
  return value === undefined ? '' : `<${name}>${value}</${name}>`;
}

function contents(page: Page, listing: string, show: (key: string) => string, withOwner: boolean): string {
  const objects = listing === 'unordered' ? page.objects.toReversed() : page.objects;
  let prefixes = '';
  for (const prefix of page.commonPrefixes) {
    prefixes += `<CommonPrefixes><Prefix>${show(prefix)}</Prefix></CommonPrefixes>`;
  }
  return listedObjectsXml(objects, show, withOwner) + prefixes;
}

function afterMarker(marker: string, prefix: string, delimiter: string): Uint8Array {
  if (marker === '') return START;
  const inside =
    delimiter !== '' && marker.startsWith(prefix) ? commonPrefix(marker, prefix, delimiter) : undefined;
  return (inside === undefined ? undefined : pastPrefix(inside)) ?? justAfter(marker);
}

const TOKEN_MARK = 'from:';

function writeToken(from: Uint8Array): string {
  return Buffer.concat([Buffer.from(TOKEN_MARK), from]).toString('base64');
}

function readToken(token: string): Uint8Array {
  const bytes = Buffer.from(token, 'base64');
  if (bytes.subarray(0, TOKEN_MARK.length).toString() !== TOKEN_MARK) {
    throw new S3Error('InvalidArgument', { message: 'The continuation token provided is incorrect' });
  }
  return bytes.subarray(TOKEN_MARK.length);
}
