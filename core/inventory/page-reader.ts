import { compareKeys } from '../keyspace/key-order.ts';
import type { KeyRange } from '../keyspace/key-range.ts';
import type { ListPage, ObjectStore } from '../ports.ts';
import { StoreError } from '../store-error.ts';
import type { ObjectSummary } from './inventory-row.ts';
import { countUpTo, keepPage, type PackedPage, packedKey } from './packed-page.ts';

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
  const aborts = signal === undefined ? {} : { signal };
  const fetch = (place: Place): Promise<ListPage> => store.listPage({ ...place, ...aborts });
  for await (const { objects } of pagesOf(fetch, objectsUpTo, stretch)) yield objects;
}

/** The same, where a page that the store hands over as bytes stays so: it is a copy of its own. */
export async function* readPackedPages(
  store: Pick<ObjectStore, 'listPage' | 'readPage'>,
  stretch: Stretch,
): AsyncGenerator<ObjectSummary[] | PackedPage> {
  const readPage = store.readPage?.bind(store);
  if (readPage === undefined) return yield* readPages(store, stretch);
  const keep = (page: ListPage | PackedPage) => ('objects' in page ? page : keepPage(page, page.count));
  const fetch = (place: Place) => readPage(place, keep);
  const upTo = (page: ListPage | PackedPage, key: string) =>
    'objects' in page ? objectsUpTo(page, key) : { ...page, count: countUpTo(page, key) };
  for await (const page of pagesOf(fetch, upTo, stretch)) {
    if ('objects' in page) yield page.objects;
    else yield page.count === 0 ? [] : page;
  }
}

type Place = { prefix: string; startAfter: string | null; token?: string };

function objectsUpTo(page: ListPage, upTo: string): ListPage {
  return { ...page, objects: page.objects.filter(({ key }) => compareKeys(key, upTo) <= 0) };
}

async function* pagesOf<Page extends ListPage | PackedPage>(
  fetchPage: (place: Place) => Promise<Page>,
  cut: (page: Page, upTo: string) => Page,
  { prefix, range }: Stretch,
): AsyncGenerator<Page> {
  const { upTo } = range;
  const fetch = (startAfter: string | null, token?: string): Promise<Page> => {
    const page = fetchPage({ prefix, startAfter, ...(token === undefined ? {} : { token }) });
    page.catch(() => undefined);
    return page;
  };
  let after: string | null = range.after;
  let coming: Promise<Page> | null = fetch(after);
  while (coming !== null) {
    const page: Page = await coming;
    const last: string | null = lastKeyOf(page);
    if (page.more && last === null) throw endlessPage(prefix, after);
    after = last ?? after;
    const ended: boolean = !page.more || last === null || (upTo !== null && compareKeys(last, upTo) >= 0);
    coming = ended ? null : fetch(last, 'objects' in page ? page.next : undefined);
    yield upTo === null || !ended ? page : cut(page, upTo);
  }
}

function lastKeyOf(page: ListPage | PackedPage): string | null {
  return 'objects' in page ? (page.objects.at(-1)?.key ?? null) : packedKey(page, page.count - 1);
}

/** A page without a key that is not the last: taken for the end, it would lose every key behind it. */
export function endlessPage(prefix: string, after: string | null): StoreError {
  return new StoreError(
    'unsupported',
    `ListingUnsupported: the store gave an empty page under ${JSON.stringify(prefix)} after ${JSON.stringify(after)} that is not the last: the listing cannot go on from there.`,
    { code: 'ListingUnsupported' },
  );
}
