import { compareKeys } from '../../core/keyspace/key-order.ts';
import type { LevelPage, ListPage, ObjectStore } from '../../core/ports.ts';
import { listed, replacing } from './memory-buckets.ts';

/**
 * A store that goes on by its tokens only; where it is given none it is read from the beginning, which is counted. A token is
 * of the prefix that it was given under. Levels come in pages of `levelPage`.
 */
export function byTokens(
  store: ObjectStore,
  levelPage = 1000,
): { store: ObjectStore; beginnings(): number; asked: { prefix: string; passedOver: number }[] } {
  let beginnings = 0;
  const asked: { prefix: string; passedOver: number }[] = [];
  const listPage = async ({
    prefix,
    startAfter,
    token,
    maxKeys = 1000,
  }: Parameters<ObjectStore['listPage']>[0]): Promise<ListPage> => {
    if (token === undefined) beginnings += 1;
    const from = token === undefined ? startAfter : placeOf(token, prefix);
    const all = await listed(store, prefix);
    const objects = all.filter(({ key }) => from === null || compareKeys(key, from) > 0);
    asked.push({ prefix, passedOver: token === undefined ? all.length - objects.length : 0 });
    const page = objects.slice(0, maxKeys);
    const next = objects.length > maxKeys ? { next: tokenOf(page.at(-1)?.key ?? '', prefix) } : {};
    return { objects: page, more: objects.length > maxKeys, ...next };
  };
  const listLevel = async (query: Parameters<NonNullable<ObjectStore['listLevel']>>[0]): Promise<LevelPage> =>
    (await store.listLevel?.({ ...query, maxKeys: levelPage })) ?? noLevel();
  return { store: replacing(store, { listPage, listLevel }), beginnings: () => beginnings, asked };
}

function tokenOf(key: string, prefix: string): string {
  return JSON.stringify([prefix, key]);
}

function placeOf(token: string, prefix: string): string {
  const [of, key]: unknown[] = JSON.parse(token);
  if (of !== prefix || typeof key !== 'string') throw new Error(`the token of ${of} under ${prefix}`);
  return key;
}

function noLevel(): never {
  throw new Error('the store shows no levels');
}
