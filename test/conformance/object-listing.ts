import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compareKeys } from '../../core/keyspace/key-order.ts';
import type { ObjectStore } from '../../core/ports.ts';
import { hardKeys } from './hard-keys.ts';
import type { ExaminedObjectStore } from './object-store.ts';

const hexMd5 = (text: string): string => createHash('md5').update(text).digest('hex');

/** Runs what every listing of an `ObjectStore` must do, on a store that is empty. `open` is called once. */
export function objectListingConformance(name: string, open: () => Promise<ExaminedObjectStore>): void {
  describe(`the listing of ${name}`, () => {
    let examined: ExaminedObjectStore;
    let store: ObjectStore;
    beforeAll(async () => {
      examined = await open();
      store = examined.store;
    });
    afterAll(() => examined.close());

    const put = (key: string, body = 'x') => store.put(key, Buffer.from(body), Buffer.byteLength(body), {});
    const listAll = async (prefix: string, maxKeys?: number) => {
      const keys: string[] = [];
      let pages = 0;
      for (let startAfter: string | null = null, more = true; more; pages++) {
        const page = await store.listPage({
          prefix,
          startAfter,
          ...(maxKeys === undefined ? {} : { maxKeys }),
        });
        keys.push(...page.objects.map(({ key }) => key));
        startAfter = page.objects.at(-1)?.key ?? startAfter;
        more = page.more;
      }
      return { keys, pages };
    };

    it('lists an empty bucket as one empty page', async () => {
      expect(await store.listPage({ prefix: '', startAfter: null })).toEqual({ objects: [], more: false });
    });

    it('resumes a listing after any key, held or not', async () => {
      for (const key of ['r/a', 'r/b', 'r/b/c', 'r/\ufffd', 'r/\u{10000}']) await put(key);
      const keysAfter = async (startAfter: string, prefix = 'r/') =>
        (await store.listPage({ prefix, startAfter })).objects.map(({ key }) => key);
      expect(await keysAfter('r/a')).toEqual(['r/b', 'r/b/c', 'r/\ufffd', 'r/\u{10000}']);
      expect(await keysAfter('r/aa')).toEqual(['r/b', 'r/b/c', 'r/\ufffd', 'r/\u{10000}']);
      expect(await keysAfter('r/\ufffd')).toEqual(['r/\u{10000}']);
      expect(await keysAfter('r/\u{10000}')).toEqual([]);
      expect(await keysAfter('q')).toHaveLength(5);
      expect(await keysAfter('r/b', 'r/b')).toEqual(['r/b/c']);
    });

    it('lists 1,001 objects in two pages and astral characters after U+FFFD', async () => {
      const keys = Array.from({ length: 999 }, (_, index) => `many/${index}`);
      keys.push('many/\u{10000}', 'many/\ufffd');
      for (let at = 0; at < keys.length; at += 50) {
        await Promise.all(keys.slice(at, at + 50).map((key) => put(key, key)));
      }
      const first = await store.listPage({ prefix: 'many/', startAfter: null });
      expect(first.objects).toHaveLength(1000);
      expect(first.more).toBe(true);
      expect(first.objects.at(-1)?.key).toBe('many/\ufffd');
      const last = await store.listPage({ prefix: 'many/', startAfter: 'many/\ufffd' });
      expect(last.objects.map(({ key }) => key)).toEqual(['many/\u{10000}']);
      expect(last.more).toBe(false);
      const exactlyOnePage = await store.listPage({ prefix: 'many/', startAfter: 'many/0' });
      expect([exactlyOnePage.objects.length, exactlyOnePage.more]).toEqual([1000, false]);
    });

    it('tells size, MD5 ETag without quotes and time in a listing', async () => {
      const before = Date.now();
      await put('told/one', 'hello');
      const [object] = (await store.listPage({ prefix: 'told/', startAfter: null })).objects;
      const head = await store.head('told/one');
      expect(object).toMatchObject({ key: 'told/one', sizeBytes: 5, etag: hexMd5('hello') });
      expect(head).toMatchObject({ key: 'told/one', sizeBytes: 5, etag: hexMd5('hello') });
      expect(object?.modifiedAtMs).toBeGreaterThan(before - 2000);
      expect(object?.modifiedAtMs).toBeLessThan(Date.now() + 2000);
      // A header tells whole seconds, a listing may tell more.
      expect(Math.floor((head?.modifiedAtMs ?? 0) / 1000)).toBe(
        Math.floor((object?.modifiedAtMs ?? 1) / 1000),
      );
    });

    it('shows a level: folders once and objects beside them, in byte order, page by page', async () => {
      const under = [
        'a',
        'a!',
        'a/',
        'a/x',
        'a/y/z',
        'a0',
        'ä +%/x',
        '/x',
        '\u{10000}/x',
        '\ufffd/x',
        '\ufffe',
      ];
      for (const key of under) await put(`level/${key}`);
      const levelOf = async (prefix: string, maxKeys?: number) => {
        const [objects, folders]: [string[], string[]] = [[], []];
        let pages = 0;
        for (let token: string | undefined, more = true; more; pages++) {
          const place = { prefix, ...(token === undefined ? {} : { token }) };
          const page = await store.listLevel?.({ ...place, ...(maxKeys === undefined ? {} : { maxKeys }) });
          if (page === undefined) return expect.fail('it shows no levels');
          objects.push(...page.objects.map(({ key }) => key));
          folders.push(...page.folders);
          ({ more, next: token } = page);
        }
        return { objects, folders, pages };
      };
      const objects = ['a', 'a!', 'a0', '\ufffe'].map((name) => `level/${name}`);
      const folders = ['/', 'a/', 'ä +%/', '\ufffd/', '\u{10000}/'].map((name) => `level/${name}`);
      expect(await levelOf('level/')).toEqual({ objects, folders, pages: 1 });
      const bitByBit = await levelOf('level/', 2);
      expect(bitByBit).toMatchObject({ objects, folders });
      expect(bitByBit.pages).toBeGreaterThan(3);
      expect(await levelOf('level/a/')).toMatchObject({
        objects: ['level/a/', 'level/a/x'],
        folders: ['level/a/y/'],
      });
      expect(await levelOf('level/none/')).toEqual({ objects: [], folders: [], pages: 1 });
    });

    // The longest keys fill their 1,024 bytes already.
    const under = (key: string) => (key.startsWith('long') ? `hard/${key.slice(0, 300)}` : `hard/${key}`);
    it('goes through all hard keys in byte order, page by page', async () => {
      for (const key of hardKeys) await put(under(key));
      const expected = hardKeys.map((key) => under(key)).sort(compareKeys);
      const listed = await listAll('hard/', 7);
      expect(listed.keys).toEqual(expected);
      expect(listed.pages).toBe(Math.ceil(expected.length / 7));
    });
  });
}
