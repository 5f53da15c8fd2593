import { folderOf, hiddenKey } from '../core/inventory/level-shows.ts';
import { compareKeys } from '../core/keyspace/key-order.ts';
import type { LevelPage, ListPage, ObjectStore } from '../core/ports.ts';
import { StoreError } from '../core/store-error.ts';

/** What may be asked for again, or what only a person can mend; anything else says that folders are not shown. */
const otherTrouble = new Set(['throttled', 'unreachable', 'credential', 'missing-bucket', 'wrong-region']);

/**
 * Asks for the folders under the prefix and holds them against the first page of all keys: each key lies in one of them or is shown
 * beside them, and the first of them lists the same keys under its own name. Throws `StoreError`: of kind
 * `unsupported` where that is not so, or where the store refuses to show folders.
 */
export async function tryFolders(
  source: Pick<ObjectStore, 'listPage' | 'listLevel'>,
  prefix: string,
  { objects }: ListPage,
): Promise<void> {
  const level = await firstOfLevel(source, prefix);
  const last = lastShown(level);
  const keys = objects.filter(({ key }) => last === null || compareKeys(key, last) <= 0);
  const hidden = hiddenKey(keys, prefix, { folders: level.folders, loose: level.objects });
  if (hidden !== null) throw noFolders(`do not show ${JSON.stringify(hidden)}`);
  const first = level.folders[0];
  if (first === undefined) return;
  const expected = objects.filter(({ key }) => folderOf(key, prefix) === first);
  const within = await source.listPage({
    prefix: first,
    startAfter: null,
    maxKeys: Math.max(1, expected.length),
  });
  const missing = expected.find(({ key }, n) => within.objects[n]?.key !== key);
  if (missing !== undefined)
    throw noFolders(
      `leave out ${JSON.stringify(missing.key)} where they are asked for ${JSON.stringify(first)}`,
    );
}

/** The first page of a level on which there is something. */
async function firstOfLevel(source: Pick<ObjectStore, 'listLevel'>, prefix: string): Promise<LevelPage> {
  for (let token: string | undefined; ; ) {
    const query = { prefix, ...(token === undefined ? {} : { token }) };
    const page = await source.listLevel?.(query).catch((error: unknown) => {
      if (error instanceof StoreError && !otherTrouble.has(error.kind))
        throw noFolders(`fail: ${error.message}`);
      throw error;
    });
    if (page === undefined) throw noFolders('cannot be asked for');
    if (page.objects.length + page.folders.length > 0 || page.next === undefined || page.next === token)
      return page;
    token = page.next;
  }
}

/** Up to where a page of a level tells all there is; null = to its end. */
function lastShown({ objects, folders, more }: LevelPage): string | null {
  if (!more) return null;
  const shown = [objects.at(-1)?.key, folders.at(-1)].filter((name) => name !== undefined);
  return shown.sort(compareKeys).at(-1) ?? '';
}

function noFolders(what: string): StoreError {
  const code = 'ListingUnsupported';
  return new StoreError('unsupported', `${code}: the store's folders ${what}.`, { code });
}
