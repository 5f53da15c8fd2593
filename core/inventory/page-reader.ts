import { compareKeys } from '../keyspace/key-order.ts';
import type { KeyRange } from '../keyspace/key-range.ts';
import type { ListPage, ObjectStore } from '../ports.ts';
import { StoreError } from '../store-error.ts';
import type { ObjectSummary } from './inventory-row.ts';

/** Part of a bucket: the keys under `prefix` that lie in `range`. */
export type Stretch = { prefix: string; range: KeyRange };

/**
 * Yields the pages of a stretch in order, one page ahead of the reader: the next one is on its way while
 * the reader works. Throws what the store throws, and `StoreError` when a page that is not the last holds
 * nothing to go on from: taken for the end, it would lose every key behind it. Memory: two pages.
 */
export async function* readPages(
  store: Pick<ObjectStore, 'listPage'>,
  stretch: Stretch,
  signal?: AbortSignal,
): AsyncGenerator<ObjectSummary[]> {
  const { prefix, range } = stretch;
  const fetch = (startAfter: string | null, token?: string): Promise<ListPage> => {
    const place = { prefix, startAfter, ...(token === undefined ? {} : { token }) };
    const page = store.listPage({ ...place, ...(signal === undefined ? {} : { signal }) });
    page.catch(() => undefined);
    return page;
  };
  let after = range.after;
  let coming: Promise<ListPage> | null = fetch(after);
  while (coming !== null) {
    const page: ListPage = await coming;
    const last = page.objects.at(-1)?.key;
    if (page.more && last === undefined) throw endlessPage(prefix, after);
    after = last ?? after;
    const ended =
      !page.more || last === undefined || (range.upTo !== null && compareKeys(last, range.upTo) >= 0);
    coming = ended ? null : fetch(last, page.next);
    const { upTo } = range;
    yield upTo === null || !ended
      ? page.objects
      : page.objects.filter(({ key }) => compareKeys(key, upTo) <= 0);
  }
}

/** A page without a key that is not the last: taken for the end, it would lose every key behind it. */
export function endlessPage(prefix: string, after: string | null): StoreError {
  return new StoreError(
    'unsupported',
    `ListingUnsupported: the store gave an empty page under ${JSON.stringify(prefix)} after ${JSON.stringify(after)} that is not the last: the listing cannot go on from there.`,
    { code: 'ListingUnsupported' },
  );
}
