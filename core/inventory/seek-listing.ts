import { compareKeys } from '../keyspace/key-order.ts';
import type { ObjectStore } from '../ports.ts';
import type { ObjectSummary } from './inventory-row.ts';
import { type PackedPage, packedKey, packedObjects } from './packed-page.ts';
import { readPackedPages, readPages, type Stretch } from './page-reader.ts';

/** A listing that is asked for keys in ascending order: one half of a merge. */
export type SeekListing = {
  /**
   * The object of exactly this key, or null; a promise of it only where a page has to be waited for. Keys must be
   * asked in ascending UTF-8 byte order, each after the answer to the one before.
   */
  find(key: string): ObjectSummary | null | Promise<ObjectSummary | null>;
  /** Asks for the first page already; what goes wrong with it is thrown by whoever asks for a key first. */
  begin(): void;
  /** Whether it is known already that no object is left behind the last key that was asked for. */
  hasNothingLeft(): boolean;
  /**
   * The page at hand as bytes, and how many of its objects the merge is past, which whoever merges them moves on; null where
   * they are objects. See `findAtHand` and `goOn`.
   */
  packed(): PackedCursor | null;
  /** As `find` of an object of the page at hand; undefined = the page ends before the key, and `goOn` leads on. */
  findAtHand(key: string): ObjectSummary | null | undefined;
  /** Gets what comes next; where that was not enough for the same key, it comes just before it. */
  goOn(key: string): Promise<void>;
  /** Reads to the end of the stretch, so that `passed` has seen every object. */
  finish(): Promise<void>;
};

/** Where a merge stands on a page that is bytes. */
export type PackedCursor = { page: PackedPage; at: number };

/**
 * Opens a listing of the stretch. `passed` is called for every object that was listed and never asked for.
 * Without `passed` the reader may jump: where the next asked key lies beyond the page, the listing goes on
 * just before that key instead of reading everything in between.
 */
export function openSeekListing(
  store: Pick<ObjectStore, 'listPage' | 'readPage'>,
  stretch: Stretch,
  { passed, asBytes = false }: { passed?: (object: ObjectSummary) => void; asBytes?: boolean } = {},
): SeekListing {
  const read = asBytes ? readPackedPages : readPages;
  let pages: AsyncGenerator<ObjectSummary[] | PackedPage> = read(store, stretch);
  let page: ObjectSummary[] = [];
  /** The page at hand, as long as it is bytes. */
  let cursor: PackedCursor | null = null;
  let at = 0;
  let ended = false;
  /** Whether nothing was listed so far, and whether there is nothing: most buckets that are migrated into are empty. */
  let none = true;
  let empty = false;
  let asked: string | null = null;
  let first: Promise<void> | null = null;
  /** The key that the page at hand ended before. */
  let stuckAt: string | null = null;

  async function nextPage(): Promise<void> {
    page.length = 0;
    cursor = null;
    const next = await pages.next();
    at = 0;
    if (next.done === true) {
      ended = true;
      empty = none;
    } else if (Array.isArray(next.value)) {
      page = next.value;
      none &&= page.length === 0;
    } else {
      cursor = { page: next.value, at: 0 };
      none = false;
    }
  }

  /** Makes objects of what is left of the page at hand. */
  function unpack({ page: packed, at: from }: PackedCursor): void {
    page = packedObjects(packed, from, packed.count);
    at = 0;
    cursor = null;
  }

  function find(key: string): ObjectSummary | null | Promise<ObjectSummary | null> {
    if (empty) return null;
    if (asked !== null && compareKeys(key, asked) <= 0) {
      throw new RangeError(
        `a merge asked for keys out of order: ${JSON.stringify(key)} after ${JSON.stringify(asked)}`,
      );
    }
    asked = key;
    const found = findOnPage(key);
    return found === undefined ? findOnNextPages(key) : found;
  }

  /** The object, or null where it is known that there is none; undefined = the page ends before the key. */
  function findOnPage(key: string): ObjectSummary | null | undefined {
    if (cursor !== null) unpack(cursor);
    for (; at < page.length; at++) {
      const object = page[at];
      if (object === undefined) break;
      if (object.key === key) {
        at += 1;
        return object;
      }
      if (compareKeys(object.key, key) > 0) return null;
      passed?.(object);
    }
    return ended ? null : undefined;
  }

  /** The first page with an object, or the end. */
  async function firstPage(): Promise<void> {
    do await nextPage();
    while (none && !ended);
  }

  async function goOn(key: string): Promise<void> {
    if (passed === undefined && stuckAt === key) jumpTowards(key);
    stuckAt = key;
    await (first ?? nextPage());
  }

  async function findOnNextPages(key: string): Promise<ObjectSummary | null> {
    for (;;) {
      await goOn(key);
      const found = findOnPage(key);
      if (found !== undefined) return found;
    }
  }

  /** A key without its last character comes just before it, whatever follows. */
  function jumpTowards(key: string): void {
    const start = Array.from(key).slice(0, -1).join('');
    const last = cursor === null ? page.at(-1)?.key : packedKey(cursor.page, cursor.page.count - 1);
    if (last === undefined || compareKeys(start, last) <= 0) return;
    pages = read(store, { prefix: stretch.prefix, range: { after: start, upTo: stretch.range.upTo } });
  }

  return {
    find,
    begin() {
      // What went wrong stays, for whoever asks.
      first = firstPage().then(() => {
        first = null;
      });
      first.catch(() => undefined);
    },
    hasNothingLeft: () => ended,
    packed: () => cursor,
    findAtHand: findOnPage,
    goOn,
    async finish() {
      while (!ended) {
        if (cursor !== null) unpack(cursor);
        for (; at < page.length; at++) {
          const object = page[at];
          if (object !== undefined) passed?.(object);
        }
        await (first ?? nextPage());
      }
    },
  };
}
