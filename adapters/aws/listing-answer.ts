import {
  ListObjectsCommand,
  type ListObjectsCommandOutput,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
} from '@aws-sdk/client-s3';
import type { ObjectSummary } from '../../core/inventory/inventory-row.ts';
import { packedObjects } from '../../core/inventory/packed-page.ts';
import type { ListingWay } from '../../core/ports.ts';
import { StoreError } from '../../core/store-error.ts';
import type { ListedPage } from './listing-xml.ts';
import { parseOrLeave, readQuickly } from './quick-listing.ts';
import { listingBySdk } from './read-by-sdk.ts';
import type { S3ClientOfBucket } from './s3-client.ts';
import { plainEtag } from './s3-properties.ts';
import type { S3Request } from './s3-requests.ts';
import { scanListing } from './scan-listing.ts';
import { canonicalQuery } from './sign-request.ts';

/** How a store is paged, with keys URL-encoded or as they are. */
export type ListingStyle = { version: ListingWay; encoded: boolean };

/** What is asked for. */
export type ListQuery = {
  prefix: string;
  startAfter: string | null;
  token?: string;
  maxKeys: number;
  signal?: AbortSignal;
};
type Entry = NonNullable<ListObjectsV2CommandOutput['Contents']>[number];
/** The client of the bucket. */
export type ListedThrough = Pick<S3ClientOfBucket, 'client' | 'requests'>;
/** One answer of the store; `ascii`: its keys are known to be no other; `next` is its own word for where the next page begins. */
export type Answer = {
  objects: ObjectSummary[];
  truncated: boolean;
  ascii: boolean;
  next: string | undefined;
};

/** One answer to ListObjectsV2. Throws what the SDK throws, and `unsupported` for an answer that lacks what every listing has. */
export async function askV2(
  { client, requests }: ListedThrough,
  bucket: string,
  style: ListingStyle,
  query: ListQuery,
  cursor?: string,
): Promise<Answer> {
  const direct = await requests();
  if (direct === null) {
    const command = new ListObjectsV2Command({
      Bucket: bucket,
      MaxKeys: query.maxKeys,
      ...(style.encoded ? { EncodingType: 'url' } : {}),
      ...(query.prefix === '' ? {} : { Prefix: query.prefix }),
      ...(query.startAfter === null ? {} : { StartAfter: query.startAfter }),
      ...(cursor === undefined ? {} : { ContinuationToken: cursor }),
    });
    const quick = readQuickly(command);
    const answer = await client.send(command, sendOptions(query));
    const page = quick.page();
    if (page !== null) return { ...answerOf(page), next: page.token };
    return { ...slowAnswer(answer), next: answer.NextContinuationToken };
  }
  const { body } = await direct.read(requestV2(style, query, cursor), readV2);
  return body instanceof Uint8Array ? answerIn(body) : body;
}

/** The request of `askV2`. */
export function requestV2(style: ListingStyle, query: ListQuery, cursor?: string): S3Request {
  return {
    operation: 'ListObjectsV2',
    method: 'GET',
    key: null,
    query: canonicalQuery({
      'list-type': '2',
      'max-keys': `${query.maxKeys}`,
      ...(style.encoded ? { 'encoding-type': 'url' } : {}),
      ...(query.prefix === '' ? {} : { prefix: query.prefix }),
      ...(query.startAfter === null ? {} : { 'start-after': query.startAfter }),
      ...(cursor === undefined ? {} : { 'continuation-token': cursor }),
    }),
    signal: query.signal,
  };
}

/**
 * What the bytes of an answer to ListObjectsV2 tell, which may be changed by it; a copy of them where only a whole XML parser
 * knows (see `answerIn`).
 */
export function readV2(bytes: Buffer): Answer | Buffer {
  const page = scanListing(bytes);
  if (page === null) return parseV2(bytes);
  const objects = packedObjects(page, 0, page.count);
  return { objects, truncated: page.more, ascii: page.keysIn === 'latin1', next: page.token };
}

/** The same without the scanner, for answers that it leaves. */
export function parseV2(bytes: Buffer): Answer | Buffer {
  const page = parseOrLeave(bytes);
  return page === null ? Buffer.from(bytes) : { ...answerOf(page), next: page.token };
}

/** The same, by the SDK's parser. Throws what that throws, and `unsupported`. */
export async function answerIn(bytes: Buffer): Promise<Answer> {
  const answer = await listingBySdk(bytes);
  return { ...slowAnswer(answer), next: answer.NextContinuationToken };
}

/** One answer to ListObjects, which goes on by the last key. Throws like `askV2`. */
export async function askV1(
  { client }: ListedThrough,
  bucket: string,
  style: ListingStyle,
  query: ListQuery,
  cursor?: string,
): Promise<Answer> {
  const marker = cursor ?? query.startAfter;
  const command = new ListObjectsCommand({
    Bucket: bucket,
    MaxKeys: query.maxKeys,
    ...(style.encoded ? { EncodingType: 'url' } : {}),
    ...(query.prefix === '' ? {} : { Prefix: query.prefix }),
    ...(marker === null ? {} : { Marker: marker }),
  });
  const quick = readQuickly(command);
  const answer = await client.send(command, sendOptions(query));
  const page = quick.page();
  const encoded = page?.encoded ?? answer.EncodingType === 'url';
  const nextMarker = page === null ? answer.NextMarker : page.nextMarker;
  const found = page === null ? slowAnswer(answer) : answerOf(page);
  // Read only where it is needed: SeaweedFS gives one that is not encoded beside keys that are.
  const needed = nextMarker !== undefined && found.truncated && found.objects.length === 0;
  return { ...found, next: needed ? decodeKey(nextMarker, encoded) : undefined };
}

function sendOptions({ signal }: ListQuery) {
  return signal === undefined ? {} : { abortSignal: signal };
}

function answerOf({ entries, truncated, keys }: ListedPage): Omit<Answer, 'next'> {
  if (keys === 'encoded') for (const entry of entries) entry.key = decodeKey(entry.key, true);
  return { objects: entries, truncated, ascii: keys === 'ascii' };
}

/** The objects of an answer as the SDK reads it, and whether more follow. Throws `unsupported` where either is not told. */
export function slowAnswer(
  answer: ListObjectsV2CommandOutput | ListObjectsCommandOutput,
): Omit<Answer, 'next'> {
  const truncated = requireEnd(answer.IsTruncated);
  const encoded = answer.EncodingType === 'url';
  const objects = (answer.Contents ?? []).map((entry) => summaryOf(entry, encoded));
  return { objects, truncated, ascii: false };
}

/** A page of a proxy or portal parses as a listing without objects; it must not pass for an empty bucket. */
function requireEnd(truncated: boolean | undefined): boolean {
  if (truncated === undefined) throw unsupported('no word on whether it is complete, as if it were none');
  return truncated;
}

function summaryOf(entry: Entry, encoded: boolean): ObjectSummary {
  const { Key, Size, LastModified } = entry;
  if (Key === undefined || Size === undefined || LastModified === undefined) {
    throw unsupported('an object without key, size or time');
  }
  return {
    key: decodeKey(Key, encoded),
    sizeBytes: Size,
    etag: plainEtag(entry.ETag),
    modifiedAtMs: LastModified.getTime(),
    storageClass: entry.StorageClass ?? null,
  };
}

/** S3's URL encoding writes a space as `+` and everything unusual, `+` included, as `%XX` of its UTF-8. */
export function decodeKey(text: string, encoded: boolean): string {
  if (!encoded || (!text.includes('%') && !text.includes('+'))) return text;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw unsupported(`the key ${JSON.stringify(text)}, which is no URL-encoded UTF-8`);
  }
}

/** The error for a listing that would lose keys silently. */
export function unsupported(what: string, code = 'ListingUnsupported'): StoreError {
  return new StoreError(
    'unsupported',
    `${code}: the store's listing holds ${what}. It cannot be listed safely.`,
    { code },
  );
}
