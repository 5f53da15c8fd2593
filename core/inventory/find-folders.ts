import { compareKeys } from '../keyspace/key-order.ts';
import { ownCopy } from '../keyspace/own-copy.ts';
import type { LevelPage, ObjectStore } from '../ports.ts';
import { StoreError } from '../store-error.ts';
import type { OpenRange } from './checkpoint.ts';
import type { ObjectSummary } from './inventory-row.ts';
import { hiddenKey } from './level-shows.ts';

/**
 * A bucket as folders and loose objects, both in byte order: every key lies under one of the folders or is that of a loose
 * object, and no folder lies in another. The only folder may be the prefix itself: nothing is known below it.
 */
export type FolderMap = { folders: readonly string[]; loose: readonly ObjectSummary[] };

/** How far folders are looked for. */
export type FolderBounds = {
  /** So many folders are enough: no further ones are opened. */
  enough: number;
  /** Folders and loose objects that are held, at most. */
  most: number;
  /** Ends of ranges that an earlier lister cut: the folders around them are opened whatever else is enough. */
  ends: readonly string[];
};

/** Folders are opened so deep at most. */
const deepest = 16;
/** Held in memory as long as the listing takes: a few MB. */
const mostHeld = 20_000;

/**
 * The bounds for a lister that may have so many requests under way, and goes on from these ranges: twice as many folders
 * keep it busy while some come to their end.
 */
export function folderBounds(
  requestsAtOnce: number,
  ranges: readonly Pick<OpenRange, 'upTo'>[] = [],
): FolderBounds {
  const ends = ranges.flatMap(({ upTo }) => upTo ?? []);
  return { enough: 2 * requestsAtOnce, most: mostHeld, ends };
}

/**
 * Looks for folders that can be listed at the same time: opens the prefix, and its folders as long as they are too few, level
 * by level. A folder stays whole when it fits in a page; when it holds more than can be kept, such as a flat one, which is
 * read no further than to the bound; and when its level is refused or leaves out what its first page shows. `ask` sends a
 * request, at once or later. Throws what `ask` throws otherwise.
 */
export async function findFolders(
  store: Pick<ObjectStore, 'listPage' | 'listLevel'>,
  prefix: string,
  bounds: FolderBounds,
  ask: <Answer>(call: () => Promise<Answer>) => Promise<Answer>,
): Promise<FolderMap> {
  const tried = new Set<string>();
  let folders = [prefix];
  let loose: ObjectSummary[] = [];

  /** What lies in a folder; null = it stays whole. */
  async function opened(folder: string, room: number): Promise<FolderMap | null> {
    const { objects, more } = await ask(() => store.listPage({ prefix: folder, startAfter: null }));
    const level = more ? await readLevel(store, folder, room, ask) : null;
    if (level === null || hiddenKey(objects, folder, level) !== null) return null;
    // One without folders is a stream of its own; only a whole bucket of them is not read a second time.
    return level.folders.length === 0 && folder !== prefix ? null : level;
  }

  for (let depth = 0; depth < deepest; depth++) {
    const tooFew = folders.length < bounds.enough;
    const untried = folders.filter(
      (folder) => !tried.has(folder) && (tooFew || bounds.ends.some((end) => end.startsWith(folder))),
    );
    if (untried.length === 0) break;
    const room = Math.floor((bounds.most - folders.length - loose.length) / untried.length);
    const found = await Promise.all(untried.map((folder) => opened(folder, room)));
    const below = new Map(untried.map((folder, n) => [folder, found[n] ?? null]));
    for (const folder of untried) tried.add(folder);
    // A folder's own folders stand where it stood, so that the order stays.
    folders = folders.flatMap((folder) => below.get(folder)?.folders ?? [folder]);
    loose = [...loose, ...found.flatMap((level) => level?.loose ?? [])].sort((a, b) =>
      compareKeys(a.key, b.key),
    );
  }
  return { folders, loose };
}

/** Reads a level as far as there is room; null = it holds more, or the store does not show it. */
async function readLevel(
  store: Pick<ObjectStore, 'listLevel'>,
  prefix: string,
  room: number,
  ask: <Answer>(call: () => Promise<Answer>) => Promise<Answer>,
): Promise<FolderMap | null> {
  const folders: string[] = [];
  const loose: ObjectSummary[] = [];
  for (let token: string | undefined; ; ) {
    const query = { prefix, ...(token === undefined ? {} : { token }) };
    const page: LevelPage | null = await ask(
      async () => (await store.listLevel?.(query).catch(nullWhereRefused)) ?? null,
    );
    if (page === null || folders.length + loose.length + page.folders.length + page.objects.length > room)
      return null;
    if (!comesAfter(folders.at(-1), page.folders[0]) || !comesAfter(loose.at(-1)?.key, page.objects[0]?.key))
      return null;
    for (const folder of page.folders) folders.push(ownCopy(folder));
    for (const object of page.objects) loose.push(kept(object));
    if (!page.more) return { folders, loose };
    if (page.next === undefined || page.next === token) return null;
    token = page.next;
  }
}

/** A store that shows no levels says so in many ways; what may heal is asked for again. */
function nullWhereRefused(error: unknown): null {
  const refused = error instanceof StoreError && ['unsupported', 'rejected', 'denied'].includes(error.kind);
  if (refused) return null;
  throw error;
}

/** Held for as long as the listing takes, and so without the text of its page. */
function kept({ key, etag, ...rest }: ObjectSummary): ObjectSummary {
  return { ...rest, key: ownCopy(key), etag: etag === null ? null : ownCopy(etag) };
}

function comesAfter(before: string | undefined, key: string | undefined): boolean {
  return before === undefined || key === undefined || compareKeys(before, key) < 0;
}
