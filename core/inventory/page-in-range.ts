import { compareKeys } from '../keyspace/key-order.ts';
import type { ListPage } from '../ports.ts';
import type { ObjectSummary } from './inventory-row.ts';
import { type LiveRange, type ShownKeys, shownKeys } from './live-range.ts';
import { countUpTo, type PackedPage, packedKey } from './packed-page.ts';
import { endlessPage } from './page-reader.ts';

/** The objects of a page that lie in its range: as objects, or the first of a packed page. */
export type ObjectsInRange = ObjectSummary[] | { packed: PackedPage; count: number };

/** The part of a page that lies in its range, its first and last key, and what comes behind it. */
export type PageInRange = Pick<ListPage, 'more' | 'next' | 'reaches'> & {
  page: ObjectsInRange;
  shown: ShownKeys | null;
};

/**
 * The part of a page that lies in the range, as the range is at this instant; a page of objects is emptied where it is not all of
 * it. Throws `StoreError` for a page that is not the last and holds nothing to go on from.
 */
export function pageInRange(range: LiveRange, page: ListPage | PackedPage, prefix: string): PageInRange {
  if (!('objects' in page)) return packedInRange(range, page);
  const { objects, ...rest } = objectsInRange(range, page, prefix);
  return { ...rest, page: objects, shown: shownKeys(objects) };
}

function objectsInRange({ upTo, settled }: LiveRange, page: ListPage, prefix: string): ListPage {
  const last = page.objects.at(-1)?.key;
  if (page.more && last === undefined) throw endlessPage(prefix, settled.cursor);
  const place = page.reaches ?? last;
  const reached = upTo !== null && place !== undefined && compareKeys(place, upTo) >= 0;
  if (!reached) return page;
  const objects = page.objects.filter(({ key }) => compareKeys(key, upTo) <= 0);
  page.objects.length = 0;
  return { objects, more: false };
}

function packedInRange({ upTo }: LiveRange, packed: PackedPage): PageInRange {
  const count = countUpTo(packed, upTo);
  const reached = upTo !== null && compareKeys(packedKey(packed, packed.count - 1), upTo) >= 0;
  const shown = count === 0 ? null : { first: packedKey(packed, 0), last: packedKey(packed, count - 1) };
  return { page: { packed, count }, shown, more: packed.more && !reached };
}
