import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HeldPart, ObjectStore, PartUploads } from '../../core/ports.ts';
import { StoreError } from '../../core/store-error.ts';
import { allOf } from '../support/all-of.ts';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** Runs what every store that takes uploads step by step must do. The store must take parts of a few bytes. */
export function partUploadsConformance(
  name: string,
  open: () => Promise<{ store: ObjectStore; close(): Promise<unknown> }>,
): void {
  describe(`${name} as a store of uploads step by step`, () => {
    let store: ObjectStore;
    let close: () => Promise<unknown>;
    let parts: PartUploads;
    beforeAll(async () => {
      const opened = await open();
      if (opened.store.parts === undefined) throw new Error('it takes no uploads step by step');
      ({ store, close } = opened);
      parts = opened.store.parts;
    });
    afterAll(() => close());

    const codeOf = (call: Promise<unknown>) =>
      call.then(
        () => 'resolved',
        (error) => (error instanceof StoreError ? error.code : `not a StoreError: ${error}`),
      );
    const content = async (key: string) => {
      const found = await store.get(key);
      return found === null ? null : Buffer.concat(await allOf(found.body)).toString();
    };
    async function filled(key: string, ...texts: string[]) {
      const upload = { key, ...(await parts.begin(key, {})) };
      const held: HeldPart[] = [];
      for (const [index, part] of texts.entries())
        held.push(await parts.write(upload, index + 1, text(part)));
      return { upload, held };
    }

    it('makes the parts one object, in their order, whatever the order they came in', async () => {
      const upload = { key: 'u/order', ...(await parts.begin('u/order', { contentType: 'text/x' })) };
      const second = await parts.write(upload, 2, text('world'));
      const first = await parts.write(upload, 1, text('hello '));
      expect(await content('u/order')).toBeNull();
      const { etag } = await parts.complete(upload, [first, second]);
      const md5s = [first, second].map((part) => Buffer.from(part.etag, 'hex'));
      expect(etag).toBe(`${createHash('md5').update(Buffer.concat(md5s)).digest('hex')}-2`);
      expect(await content('u/order')).toBe('hello world');
      expect(await store.head('u/order')).toMatchObject({ etag, sizeBytes: 11, contentType: 'text/x' });
      expect(await allOf(store.unfinishedUploads('u/order'))).toEqual([]);
    });

    it('tells the parts that it holds, the last writing of each', async () => {
      const { upload } = await filled('u/held', 'one', 'two');
      const again = await parts.write(upload, 1, text('eleven'));
      const held = await allOf(parts.held(upload));
      expect(held.map(({ part, sizeBytes }) => [part, sizeBytes])).toEqual([
        [1, 6],
        [2, 3],
      ]);
      expect(held[0]?.etag).toBe(again.etag);
    });

    it('refuses to complete with another part than it holds', async () => {
      const { upload, held } = await filled('u/other', 'one', 'two');
      await parts.write(upload, 2, text('2'));
      expect(await codeOf(parts.complete(upload, held))).toBe('InvalidPart');
      expect(await content('u/other')).toBeNull();
    });

    it('knows an upload that was completed or aborted no more, by any method', async () => {
      const done = await filled('u/done', 'one');
      await parts.complete(done.upload, done.held);
      const aborted = await filled('u/aborted', 'one');
      await store.abortUpload(aborted.upload);
      for (const { upload, held } of [done, aborted]) {
        expect(await codeOf(parts.write(upload, 1, text('x')))).toBe('NoSuchUpload');
        expect(await codeOf(parts.complete(upload, held))).toBe('NoSuchUpload');
        expect(await codeOf(allOf(parts.held(upload)))).toBe('NoSuchUpload');
      }
      expect(await content('u/done')).toBe('one');
    });

    it('keeps two uploads of one key, and those of keys that begin alike, apart', async () => {
      const [one, two, longer] = [
        await filled('u/a', 'one'),
        await filled('u/a', 'two'),
        await filled('u/ab', 'longer'),
      ];
      expect(await codeOf(parts.write({ ...longer.upload, key: 'u/a' }, 1, text('x')))).toBe('NoSuchUpload');
      await store.abortUpload(one.upload);
      await parts.complete(two.upload, two.held);
      expect(await content('u/a')).toBe('two');
      expect((await allOf(store.unfinishedUploads('u/a'))).map(({ key }) => key)).toEqual(['u/ab']);
      await parts.complete(longer.upload, longer.held);
      expect(await content('u/ab')).toBe('longer');
    });
  });
}
