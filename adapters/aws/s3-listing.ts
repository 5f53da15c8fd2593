import {
  ListObjectsCommand,
  type ListObjectsCommandOutput,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { ObjectSummary } from '../../core/inventory/inventory-row.ts';
import { compareKeys } from '../../core/keyspace/key-order.ts';
import type { ListingWay, ListPage } from '../../core/ports.ts';
import { StoreError, unorderedCode } from '../../core/store-error.ts';
import type { ListedPage } from './listing-xml.ts';
import { readQuickly } from './quick-listing.ts';
import { plainEtag } from './s3-properties.ts';

/** How a store is paged, with keys URL-encoded or as they are. */
export type ListingStyle = { version: ListingWay; encoded: boolean };

type ListQuery = {
  prefix: string;
  startAfter: string | null;
  token?: string;
  maxKeys: number;
  signal?: AbortSignal;
};
type Entry = NonNullable<ListObjectsV2CommandOutput['Contents']>[number];
/** One answer of the store; `next` is its own word for where the next page begins. */
type Answer = { objects: ObjectSummary[]; truncated: boolean; next: string | undefined };

/**
 * One page of the bucket's listing after `startAfter`. Throws what the SDK throws, and a `StoreError` of
 * kind `unsupported` when the store answers out of byte order, with keys that were not asked for, or with
 * an end it does not tell: such an answer would lose keys silently.
 */
export async function listPage(
  client: S3Client,
  bucket: string,
  style: ListingStyle,
  query: ListQuery,
): Promise<ListPage> {
  if (style.version === 'stream' || style.version === 'unordered')
    return listByToken(client, bucket, style, query);
  let cursor: string | undefined;
  for (;;) {
    const answer =
      style.version === 'v2'
        ? await askV2(client, bucket, style, query, cursor)
        : await askV1(client, bucket, style, query, cursor);
    const { objects } = answer;
    refuseDisorder(objects, query);
    if (objects.length > 0 || !answer.truncated) return { objects, more: answer.truncated };
    // A page may hold no key and still not be the last; only the store's own cursor leads on from it.
    if (answer.next === undefined || answer.next === cursor) {
      throw unsupported('an empty page that is not the last, without saying where the next one begins');
    }
    cursor = answer.next;
  }
}

/**
 * One page by the store's own token, which alone moves it. Without one that it takes, the store is read from the beginning
 * and what does not come after `startAfter` is passed over.
 */
async function listByToken(
  client: S3Client,
  bucket: string,
  style: ListingStyle,
  query: ListQuery,
): Promise<ListPage> {
  const { startAfter, prefix } = query;
  const anywhere = { ...query, startAfter: null };
  let { token } = query;
  let goesOn = token !== undefined;
  let before = goesOn ? startAfter : null;
  for (;;) {
    const answer = await askV2(client, bucket, style, anywhere, token).catch((error: unknown) => {
      if (goesOn && startAfter !== null && isRefusedToken(error)) return null;
      throw error;
    });
    if (answer === null) {
      goesOn = false;
      token = undefined;
      before = null;
      continue;
    }
    const { objects, truncated, next } = answer;
    if (truncated && (next === undefined || next === token))
      throw unsupported('a page that is not the last, without saying where the next one begins');
    if (style.version === 'unordered') refuseOthers(objects, prefix);
    else refuseDisorder(objects, { prefix, startAfter: before });
    const wanted =
      goesOn || startAfter === null ? objects : objects.filter(({ key }) => compareKeys(key, startAfter) > 0);
    if (wanted.length > 0 || !truncated)
      return { objects: wanted, more: truncated, ...(next === undefined ? {} : { next }) };
    before = objects.at(-1)?.key ?? before;
    token = next;
  }
}

/** Stores differ in how they refuse a token that they do not know any more; all call the request a bad one. */
function isRefusedToken(error: unknown): boolean {
  if (typeof error !== 'object' || error === null || !('$metadata' in error)) return false;
  const { httpStatusCode } = error.$metadata as { httpStatusCode?: number };
  return httpStatusCode === 400;
}

async function askV2(
  client: S3Client,
  bucket: string,
  style: ListingStyle,
  query: ListQuery,
  cursor?: string,
): Promise<Answer> {
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

async function askV1(
  client: S3Client,
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

function answerOf({ entries, truncated, encoded }: ListedPage): Omit<Answer, 'next'> {
  if (encoded) for (const entry of entries) entry.key = decodeKey(entry.key, true);
  return { objects: entries, truncated };
}

function slowAnswer(answer: ListObjectsV2CommandOutput | ListObjectsCommandOutput): Omit<Answer, 'next'> {
  const truncated = requireEnd(answer.IsTruncated);
  const encoded = answer.EncodingType === 'url';
  return { objects: (answer.Contents ?? []).map((entry) => summaryOf(entry, encoded)), truncated };
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
function decodeKey(text: string, encoded: boolean): string {
  if (!encoded || (!text.includes('%') && !text.includes('+'))) return text;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw unsupported(`the key ${JSON.stringify(text)}, which is no URL-encoded UTF-8`);
  }
}

function refuseDisorder(
  objects: readonly ObjectSummary[],
  { prefix, startAfter }: Pick<ListQuery, 'prefix' | 'startAfter'>,
): void {
  let before = startAfter;
  for (const { key } of objects) {
    if (!key.startsWith(prefix)) throw outside(key, prefix);
    if (before !== null && compareKeys(before, key) >= 0) {
      throw unsupported(
        `the key ${JSON.stringify(key)} after ${JSON.stringify(before)}, which is not UTF-8 byte order`,
        before === startAfter ? undefined : unorderedCode,
      );
    }
    before = key;
  }
}

function refuseOthers(objects: readonly ObjectSummary[], prefix: string): void {
  for (const { key } of objects) if (!key.startsWith(prefix)) throw outside(key, prefix);
}

function outside(key: string, prefix: string): StoreError {
  return unsupported(`the key ${JSON.stringify(key)} outside of the prefix ${JSON.stringify(prefix)}`);
}

function unsupported(what: string, code = 'ListingUnsupported'): StoreError {
  return new StoreError(
    'unsupported',
    `${code}: the store's listing holds ${what}. It cannot be listed safely.`,
    { code },
  );
}
