import { z } from 'zod';
import { firstIndex } from '../keyspace/first-index.ts';
import { folderEnd } from '../keyspace/folder-end.ts';
import { compareKeys } from '../keyspace/key-order.ts';
import type { ListPage, ObjectStore } from '../ports.ts';
import type { FolderMap } from './find-folders.ts';
import type { ObjectSummary } from './inventory-row.ts';

/** A listing that begins quickly where a folder ends, and the places where one does. */
export type FolderListing = {
  listPage: ObjectStore['listPage'];
  /** Positions in byte order: what comes behind one is listed without what comes before it. */
  boundaries: readonly string[];
};

/**
 * Where the next page begins: in a folder, by the store's own token, or behind a position. Both hold whatever the map of a
 * later lister is, for what a folder holds is listed without the map.
 */
const Place = z.union([
  z.strictObject({ folder: z.string(), token: z.string() }),
  z.strictObject({ behind: z.string() }),
]);

const mostKeys = 1000;

/**
 * Lists a store that pages by its own tokens only as if it could begin at the end of every folder of the map. Region n is
 * what lies behind the end of folder n - 1 up to the end of folder n: loose objects, as the map has them, and the
 * folder, as the store lists the keys that begin with its name. What was there since before the map was made is listed, each key once
 * and in byte order; a folder that came later may be missing. A `startAfter` within a folder, without a token, reads that
 * folder from its beginning and passes over what comes before. Throws what the store throws.
 */
export function openFolderListing(
  store: Pick<ObjectStore, 'listPage'>,
  prefix: string,
  { folders, loose }: FolderMap,
): FolderListing {
  // The prefix itself need be no folder, and ends where the listing does.
  const ends = folders.map((folder) => (folder === prefix ? null : folderEnd(folder)));
  const endsUpTo = (position: string) =>
    firstIndex(ends, (end) => end === null || compareKeys(end, position) > 0);
  const looseUpTo = (position: string) => firstIndex(loose, ({ key }) => compareKeys(key, position) > 0);

  /** The page with which a folder of the map ends, and with it the object of the name at which it does. */
  function lastOf(at: number, objects: ObjectSummary[]): ListPage {
    const end = ends[at] ?? null;
    if (end === null) return { objects, more: false };
    const behind = looseUpTo(end);
    const named = loose[behind - 1];
    if (named?.key === end) objects.push(named);
    const more = at < folders.length - 1 || behind < loose.length;
    return { objects, more, next: JSON.stringify({ behind: end }), reaches: end };
  }

  async function listPage(query: Parameters<ObjectStore['listPage']>[0]): Promise<ListPage> {
    if (query.prefix !== prefix) return store.listPage(query);
    const { startAfter, token, ...rest } = query;
    const place = token === undefined ? null : readPlace(token);
    if (place === null) return listFrom(startAfter, rest);
    if ('behind' in place) return listFrom(place.behind, rest);
    const { folder } = place;
    const page = await store.listPage({ ...rest, prefix: folder, startAfter, token: place.token });
    if (page.more) return { ...page, ...nextIn(folder, page) };
    if (folder === prefix) return { objects: page.objects, more: false };
    const at = folders.indexOf(folder);
    // A folder of an earlier map: what comes behind it is found by its last key.
    if (at === -1)
      return page.objects.length > 0 ? { objects: page.objects, more: true } : listFrom(startAfter, rest);
    const last = lastOf(at, page.objects);
    return last.objects.length > 0 || !last.more ? last : listFrom(ends[at] ?? null, rest);
  }

  /** The first page behind a position: the loose objects there, and the folder that comes next as far as there is room. */
  async function listFrom(
    start: string | null,
    rest: Omit<Parameters<ObjectStore['listPage']>[0], 'startAfter' | 'token'>,
  ): Promise<ListPage> {
    const { maxKeys = mostKeys } = rest;
    for (let position = start; ; ) {
      const at = position === null ? 0 : endsUpTo(position);
      const folder = folders[at];
      const from = position === null ? 0 : looseUpTo(position);
      const upTo = folder === undefined ? loose.length : Math.max(from, looseUpTo(folder));
      const objects = loose.slice(from, Math.min(upTo, from + maxKeys));
      if (folder === undefined) return { objects, more: from + objects.length < upTo };
      if (objects.length === maxKeys) return { objects, more: true };
      const startAfter = position !== null && compareKeys(position, folder) >= 0 ? position : null;
      const room = maxKeys - objects.length;
      const page = await store.listPage({ ...rest, prefix: folder, startAfter, maxKeys: room });
      for (const object of page.objects) objects.push(object);
      page.objects.length = 0;
      if (page.more) return { objects, more: true, ...nextIn(folder, page) };
      const last = lastOf(at, objects);
      if (objects.length > 0 || !last.more) return last;
      position = ends[at] ?? null;
    }
  }

  const boundaries = ends.filter((end) => end !== null);
  const lastEnd = boundaries.at(-1);
  if (lastEnd !== undefined && looseUpTo(lastEnd) === loose.length) boundaries.pop();
  return { listPage, boundaries };
}

/** A token that is none of ours says nothing: the last key tells the place, only slower. */
function readPlace(token: string): z.infer<typeof Place> | null {
  try {
    return Place.parse(JSON.parse(token));
  } catch {
    return null;
  }
}

function nextIn(folder: string, { next }: ListPage): { next?: string } {
  return next === undefined ? {} : { next: JSON.stringify({ folder, token: next }) };
}
