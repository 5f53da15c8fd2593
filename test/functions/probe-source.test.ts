import { expect, test } from 'vitest';
import { compareKeys } from '../../core/keyspace/key-order.ts';
import type { LevelPage, ListingWay, ListPage, ObjectStore } from '../../core/ports.ts';
import { isS3Request } from '../../core/request.ts';
import { StoreError } from '../../core/store-error.ts';
import { probeSource } from '../../functions/probe-source.ts';
import { aRequest } from '../support/builders.ts';
import { bucketOf, listed, replacing } from '../support/memory-buckets.ts';

async function probed(keys: readonly string[], wrap: (store: ObjectStore, way: ListingWay) => ObjectStore) {
  const bucket = await bucketOf(Object.fromEntries(keys.map((key) => [key, 'x'])));
  const request = aRequest();
  if (!isS3Request(request)) return expect.fail();
  const tried: ListingWay[] = [];
  const found = probeSource(request, async (way) => {
    tried.push(way);
    return wrap(bucket, way);
  });
  return { found, tried };
}

/** Sorts within folders, and passes a folder over when it is told to begin at its name: SeaweedFS 4.48 does both. */
function sortingFolders(store: ObjectStore): ObjectStore {
  const folded = (key: string) => key.replaceAll('/', '\u0000');
  return replacing(store, {
    async listPage({ prefix, startAfter, maxKeys = 1000 }): Promise<ListPage> {
      const objects = (await listed(store, prefix))
        .sort((a, b) => compareKeys(folded(a.key), folded(b.key)))
        .filter(({ key }) => startAfter === null || compareKeys(folded(key), folded(startAfter)) > 0)
        .filter(({ key }) => startAfter === null || !key.startsWith(`${startAfter}/`));
      return { objects: objects.slice(0, maxKeys), more: objects.length > maxKeys };
    },
  });
}

test('a store that passes over the folder at whose name a listing begins is read whole and sorted', async () => {
  const { found, tried } = await probed(['a', 'd/x', 'd/y', 'e'], sortingFolders);
  expect(await found).toMatchObject({ listing: 'unordered' });
  expect(tried).toEqual(['v2', 'unordered']);
});

test('a folder that is deleted while it is looked at makes no store one that sorts folders', async () => {
  const { found, tried } = await probed(['a', 'd/x', 'e'], (store) =>
    replacing(store, {
      async listPage(query) {
        if (query.startAfter === 'd') await store.delete('d/x');
        return store.listPage(query);
      },
    }),
  );
  expect(await found).toMatchObject({ listing: 'v2' });
  expect(tried).toEqual(['v2']);
});

test('a store that repeats itself behind its own token is refused by name, after every way was tried', async () => {
  const { found, tried } = await probed(['a', 'b'], (store, way) =>
    replacing(store, {
      async listPage({ startAfter }) {
        if (startAfter !== null && (way === 'v2' || way === 'v1'))
          throw new StoreError('unsupported', 'ListingUnsupported: starts over', { code: 'x' });
        const { objects } = await store.listPage({ prefix: '', startAfter: null, maxKeys: 1 });
        return { objects, more: true, next: 'here' };
      },
    }),
  );
  await expect(found).rejects.toMatchObject({ name: 'SourceUnreachable' });
  await expect(found).rejects.toThrow('gives "a" again behind its own token');
  expect(tried).toEqual(['v2', 'v1', 'folders', 'stream', 'unordered']);
});

/** Goes on by its tokens only, and shows these levels. */
function byTokensWith(listLevel: (store: ObjectStore) => ObjectStore['listLevel']) {
  return (store: ObjectStore, way: ListingWay): ObjectStore =>
    replacing(store, {
      async listPage(query) {
        if (query.startAfter !== null && (way === 'v2' || way === 'v1'))
          throw new StoreError('unsupported', 'ListingUnsupported: starts over', { code: 'x' });
        return store.listPage(query);
      },
      listLevel: async (query) => (await listLevel(store)?.(query)) ?? expect.fail(),
    });
}

test('a store that goes on by its tokens only is listed by folders where it shows them as it shows its keys', async () => {
  const { found, tried } = await probed(
    ['a', 'a/x', 'a/y', 'b/z', 'c'],
    byTokensWith((store) => (query) => store.listLevel?.(query) ?? expect.fail()),
  );
  expect(await found).toMatchObject({ listing: 'folders' });
  expect(tried).toEqual(['v2', 'v1', 'folders']);
});

test.each<[string, (level: LevelPage) => LevelPage]>([
  ['leaves out a folder', (level) => ({ ...level, folders: level.folders.slice(1) })],
  ['leaves out an object beside folders', (level) => ({ ...level, objects: level.objects.slice(1) })],
  [
    'refuses to show them',
    () => {
      throw new StoreError('rejected', 'InvalidArgument: delimiter', { code: 'InvalidArgument' });
    },
  ],
])('a store that %s is listed in one stream', async (_, spoilt) => {
  const { found, tried } = await probed(
    ['a', 'a/x', 'a/y', 'b/z', 'c'],
    byTokensWith((store) => async (query) => spoilt((await store.listLevel?.(query)) ?? expect.fail())),
  );
  expect(await found).toMatchObject({ listing: 'stream' });
  expect(tried).toEqual(['v2', 'v1', 'folders', 'stream']);
});

test('a store that lists other keys under the name of a folder than in it is listed in one stream', async () => {
  const { found } = await probed(['a/x', 'a/y', 'b/z'], (store, way) => {
    const honest = byTokensWith((inner) => (query) => inner.listLevel?.(query) ?? expect.fail())(store, way);
    return replacing(honest, {
      listPage: (query) => honest.listPage(query.prefix === 'a/' ? { ...query, startAfter: 'a/x' } : query),
    });
  });
  expect(await found).toMatchObject({ listing: 'stream' });
});
