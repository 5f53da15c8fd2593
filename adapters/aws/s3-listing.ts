import { orderOfBytes } from '../../core/byte-text.ts';
import type { ObjectSummary } from '../../core/inventory/inventory-row.ts';
import { type PackedPage, packedKey, packedObjects } from '../../core/inventory/packed-page.ts';
import { compareKeys } from '../../core/keyspace/key-order.ts';
import type { ListPage } from '../../core/ports.ts';
import { type StoreError, unorderedCode } from '../../core/store-error.ts';
import {
  type Answer,
  answerIn,
  askV1,
  askV2,
  type ListedThrough,
  type ListingStyle,
  type ListQuery,
  parseV2,
  requestV2,
  unsupported,
} from './listing-answer.ts';
import { scanListing } from './scan-listing.ts';

/**
 * One page of the bucket's listing after `startAfter`. Throws what the SDK throws, and a `StoreError` of
 * kind `unsupported` when the store answers out of byte order, with keys that were not asked for, or with
 * an end it does not tell: such an answer would lose keys silently.
 */
export async function listPage(
  client: ListedThrough,
  bucket: string,
  style: ListingStyle,
  query: ListQuery,
): Promise<ListPage> {
  if (style.version !== 'v2' && style.version !== 'v1') return listByToken(client, bucket, style, query);
  const ask = style.version === 'v2' ? askV2 : askV1;
  return untilKeys(query, (cursor) => ask(client, bucket, style, query, cursor));
}

/**
 * The same page, handed to `use` as bytes where it is written as Amazon writes it, else as objects. Throws as `listPage`
 * does; `use` is called once, and must not throw.
 */
export async function readPage<Used>(
  client: ListedThrough,
  bucket: string,
  style: ListingStyle,
  query: ListQuery,
  use: (page: PackedPage | ListPage) => Used,
): Promise<Used> {
  const direct = style.version === 'v2' ? await client.requests() : null;
  if (direct === null) return use(await listPage(client, bucket, style, query));
  const { body } = await direct.read(requestV2(style, query), (bytes) => {
    const page = scanListing(bytes);
    if (page === null) return { used: false, answer: parseV2(bytes) } as const;
    refusePackedDisorder(page, query);
    return { used: true, result: use(page) } as const;
  });
  if (body.used) return body.result;
  const first = body.answer instanceof Uint8Array ? await answerIn(body.answer) : body.answer;
  return use(
    await untilKeys(query, async (cursor) =>
      cursor === undefined ? first : askV2(client, bucket, style, query, cursor),
    ),
  );
}

/** The first page that holds a key, or the last; `ask` is asked by the store's own cursor. */
async function untilKeys(
  query: ListQuery,
  ask: (cursor: string | undefined) => Promise<Answer>,
): Promise<ListPage> {
  let cursor: string | undefined;
  for (;;) {
    const answer = await ask(cursor);
    const { objects } = answer;
    refuseDisorder(objects, query, answer.ascii);
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
  client: ListedThrough,
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

/**
 * Throws `unsupported` for keys outside of the prefix, and for ones that do not come after each other and `startAfter`.
 * Among keys that are known to be ASCII, JavaScript's own order is the same as S3's, and several times as quick.
 */
export function refuseDisorder(
  objects: readonly Pick<ObjectSummary, 'key'>[],
  { prefix, startAfter }: Pick<ListQuery, 'prefix' | 'startAfter'>,
  ascii = false,
): void {
  refuseOthers(objects, prefix);
  let before = startAfter;
  for (const { key } of objects) {
    if (before !== null && !(ascii && before < key) && compareKeys(before, key) >= 0) {
      throw unsupported(
        `the key ${JSON.stringify(key)} after ${JSON.stringify(before)}, which is not UTF-8 byte order`,
        before === startAfter ? undefined : unorderedCode,
      );
    }
    before = key;
  }
}

/** Throws as `refuseDisorder` does for the objects of the page. */
function refusePackedDisorder(page: PackedPage, query: ListQuery): void {
  const { view, keyFrom, keyTo, count } = page;
  const { prefix, startAfter } = query;
  let ordered =
    packedKey(page, 0).startsWith(prefix) &&
    packedKey(page, count - 1).startsWith(prefix) &&
    (startAfter === null || compareKeys(startAfter, packedKey(page, 0)) < 0);
  for (let index = 1; ordered && index < count; index++) {
    const [before, here] = [keyFrom[index - 1] ?? 0, keyFrom[index] ?? 0];
    ordered = orderOfBytes(view, before, keyTo[index - 1] ?? 0, view, here, keyTo[index] ?? 0) < 0;
  }
  // Whoever finds out what is wrong looks at every key.
  if (ordered) return;
  refuseDisorder(packedObjects(page, 0, count), query);
}

function refuseOthers(objects: readonly Pick<ObjectSummary, 'key'>[], prefix: string): void {
  if (prefix === '') return;
  for (const { key } of objects) if (!key.startsWith(prefix)) throw outside(key, prefix);
}

function outside(key: string, prefix: string): StoreError {
  return unsupported(`the key ${JSON.stringify(key)} outside of the prefix ${JSON.stringify(prefix)}`);
}
