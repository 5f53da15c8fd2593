import { folderOf } from '../../core/inventory/level-shows.ts';
import type { LevelPage, ObjectStore } from '../../core/ports.ts';

/**
 * One page of a level, taken together from pages of single keys as a store does that keeps no folders. The token is the last
 * key that was looked at.
 */
export async function levelPage(
  listPage: ObjectStore['listPage'],
  { prefix, token, maxKeys = 1000 }: Parameters<NonNullable<ObjectStore['listLevel']>>[0],
): Promise<LevelPage> {
  const level: LevelPage = { objects: [], folders: [], more: false };
  let startAfter = token ?? null;
  for (let more = true; more; ) {
    const page = await listPage({ prefix, startAfter });
    for (const object of page.objects) {
      const folder = folderOf(object.key, prefix);
      const known =
        folder !== null && (folder === level.folders.at(-1) || token?.startsWith(folder) === true);
      if (!known && level.objects.length + level.folders.length === Math.min(maxKeys, 1000))
        return { ...level, more: true, ...(startAfter === null ? {} : { next: startAfter }) };
      if (folder === null) level.objects.push(object);
      else if (!known) level.folders.push(folder);
      startAfter = object.key;
    }
    ({ more } = page);
  }
  return level;
}
