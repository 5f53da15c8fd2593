import { compareKeys } from '../keyspace/key-order.ts';
import type { Clock, ObjectStore } from '../ports.ts';

type Listed = Pick<ObjectStore, 'listPage' | 'requestsMade'>;

/** What was seen of the end of a bucket counts for so long: others may write there too. */
const knownMs = 10_000;

/**
 * A store that is not asked again for what lies behind its last key: most destinations are empty, or filled up to some
 * key, and the ranges of a listing would each ask once, and wait for the answer with their first page in hand.
 */
export function knowingItsEnd(store: Listed, clock: Clock): Listed {
  const ends = new Map<string, { after: string | null; seenAtMs: number }>();

  function isBehindEnd(prefix: string, startAfter: string | null): boolean {
    const end = ends.get(prefix);
    if (end === undefined || clock.nowMs() - end.seenAtMs >= knownMs) return false;
    return end.after === null || (startAfter !== null && compareKeys(startAfter, end.after) >= 0);
  }

  return {
    requestsMade: () => store.requestsMade(),
    async listPage(query) {
      const { prefix, startAfter } = query;
      if (isBehindEnd(prefix, startAfter)) return { objects: [], more: false };
      const askedAtMs = clock.nowMs();
      const page = await store.listPage(query);
      if (page.objects.length === 0 && !page.more)
        ends.set(prefix, { after: startAfter, seenAtMs: askedAtMs });
      return page;
    },
  };
}
