import type { ObjectSummary } from './inventory-row.ts';

/** What a level of a bucket shows: folders and loose objects under a prefix. */
type Shown = { folders: readonly string[]; loose: readonly Pick<ObjectSummary, 'key'>[] };

/**
 * The first of the keys under the prefix that a level of it does not show, neither loose nor by its folder; null = it shows
 * all of them. A key that came after the level was read is not shown either.
 */
export function hiddenKey(
  keys: readonly Pick<ObjectSummary, 'key'>[],
  prefix: string,
  { folders, loose }: Shown,
): string | null {
  const known = new Set(folders);
  const single = new Set(loose.map(({ key }) => key));
  const hidden = keys.find(({ key }) => {
    const folder = folderOf(key, prefix);
    return folder === null ? !single.has(key) : !known.has(folder);
  });
  return hidden?.key ?? null;
}

/** The folder under the prefix in which a key lies; null = it is loose there. */
export function folderOf(key: string, prefix: string): string | null {
  const slash = key.indexOf('/', prefix.length);
  return slash === -1 ? null : key.slice(0, slash + 1);
}
