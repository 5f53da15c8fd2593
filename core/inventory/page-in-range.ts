import { compareKeys } from '../keyspace/key-order.ts';
import type { ListPage } from '../ports.ts';
import type { LiveRange } from './live-range.ts';
import { endlessPage } from './page-reader.ts';

/**
 * The part of a page that lies in the range, as the range is at this instant; the page is emptied where it is not all of it.
 * Throws `StoreError` for a page that is not the last and holds nothing to go on from.
 */
export function pageInRange({ upTo, settled }: LiveRange, page: ListPage, prefix: string): ListPage {
  const last = page.objects.at(-1)?.key;
  if (page.more && last === undefined) throw endlessPage(prefix, settled.cursor);
  const place = page.reaches ?? last;
  const reached = upTo !== null && place !== undefined && compareKeys(place, upTo) >= 0;
  if (!reached) return page;
  const objects = page.objects.filter(({ key }) => compareKeys(key, upTo) <= 0);
  page.objects.length = 0;
  return { objects, more: false };
}
