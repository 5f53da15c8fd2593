import { compareKeys } from '../keyspace/key-order.ts';
import type { Clock, ListPage, ObjectStore } from '../ports.ts';
import type { PackedPage } from './packed-page.ts';

type Listed = Pick<ObjectStore, 'listPage' | 'readPage' | 'requestsMade'>;
type Query = Parameters<ObjectStore['listPage']>[0];

/** What was seen of the end of a bucket counts for so long: others may write there too. */
const knownMs = 10_000;

/**
 * A store that is not asked again for what lies behind its last key: most destinations are empty, or filled up to some
 * key, and the ranges of a listing would each ask once, and wait for the answer with their first page in hand.
 */
export function knowingItsEnd(store: Listed, clock: Clock): Listed {
  const ends = new Map<string, { after: string | null; seenAtMs: number }>();

  function isBehindEnd({ prefix, startAfter }: Query): boolean {
    const end = ends.get(prefix);
    if (end === undefined || clock.nowMs() - end.seenAtMs >= knownMs) return false;
    return end.after === null || (startAfter !== null && compareKeys(startAfter, end.after) >= 0);
  }

  function note({ prefix, startAfter }: Query, page: ListPage | PackedPage, seenAtMs: number): void {
    if ('objects' in page && page.objects.length === 0 && !page.more)
      ends.set(prefix, { after: startAfter, seenAtMs });
  }

  const readPage = store.readPage?.bind(store);
  return {
    requestsMade: () => store.requestsMade(),
    async listPage(query) {
      if (isBehindEnd(query)) return { objects: [], more: false };
      const askedAtMs = clock.nowMs();
      const page = await store.listPage(query);
      note(query, page, askedAtMs);
      return page;
    },
    ...(readPage && {
      async readPage(query, use) {
        if (isBehindEnd(query)) return use({ objects: [], more: false });
        const askedAtMs = clock.nowMs();
        return readPage(query, (page) => {
          note(query, page, askedAtMs);
          return use(page);
        });
      },
    }),
  };
}
