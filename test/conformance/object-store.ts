import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compareKeys } from '../../core/keyspace/key-order.ts';
import type { ObjectProperties, ObjectStore } from '../../core/ports.ts';
import { StoreError } from '../../core/store-error.ts';
import { hardKeys } from './hard-keys.ts';

/** A store to be examined: empty, and able to hold a body in parts below `largeBytes`. */
export type ExaminedObjectStore = {
  store: ObjectStore;
  /** A body of this size goes up in more than one part where the store knows parts. */
  largeBytes: number;
  close(): Promise<void>;
};

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const base64Md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('base64');
const hexMd5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex');

async function bytesOf(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** All that an async iterable yields. */
export async function collected<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

async function* pieces(bytes: Uint8Array, pieceBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}

/** Runs what every `ObjectStore` must do. `open` is called once; the suite keeps to prefixes of its own. */
export function objectStoreConformance(name: string, open: () => Promise<ExaminedObjectStore>): void {
  describe(`${name} as an object store`, () => {
    let examined: ExaminedObjectStore;
    let store: ObjectStore;
    beforeAll(async () => {
      examined = await open();
      store = examined.store;
    });
    afterAll(() => examined.close());

    const put = (key: string, body: string, properties: ObjectProperties = {}) =>
      store.put(key, text(body), text(body).byteLength, properties);
    const content = async (key: string) => {
      const found = await store.get(key);
      return found === null ? null : (await bytesOf(found.body)).toString();
    };
    const kindOf = (call: Promise<unknown>) =>
      call.then(
        () => 'resolved',
        (error) => (error instanceof StoreError ? error.kind : `not a StoreError: ${error}`),
      );

    it('keeps every hard key byte for byte through put, list, head, get and delete', async () => {
      for (const key of hardKeys) await put(key, `content of ${key}`);
      const listed = await store.listPage({ prefix: '', startAfter: null });
      expect(listed.objects.map(({ key }) => key)).toEqual([...hardKeys].sort(compareKeys));
      for (const key of hardKeys) {
        expect((await store.head(key))?.sizeBytes, JSON.stringify(key)).toBe(
          text(`content of ${key}`).byteLength,
        );
        expect(await content(key), JSON.stringify(key)).toBe(`content of ${key}`);
      }
      for (const key of hardKeys) await store.delete(key);
      expect(await store.listPage({ prefix: '', startAfter: null })).toEqual({ objects: [], more: false });
    });

    it('keeps the tags of an object under every hard key', async () => {
      for (const key of hardKeys) {
        await put(key, 'x', { tags: { 'a b': 'c+d/é=' } });
        expect(await store.tags(key), JSON.stringify(key)).toEqual({ 'a b': 'c+d/é=' });
        await store.tag(key, { other: 'tag' });
        expect(await store.tags(key), JSON.stringify(key)).toEqual({ other: 'tag' });
        await store.delete(key);
      }
    });

    it('keeps content headers, user metadata, tags and storage class', async () => {
      const properties = {
        contentType: 'text/x-drover; charset=utf-8',
        contentEncoding: 'gzip',
        contentLanguage: 'de, en',
        contentDisposition: 'attachment; filename="a, b.txt"',
        cacheControl: 'no-cache, max-age=0',
        expires: 'Thu, 01 Dec 2044 16:00:00 GMT',
        metadata: { team: 'media', 'with-dash': 'a  b, c' },
        storageClass: 'STANDARD_IA',
      };
      await put('kept', 'body', { ...properties, tags: { one: '1', two: '' } });
      const found = await store.get('kept');
      expect(found?.details).toMatchObject(properties);
      expect(found?.details.tagCount).toBe(2);
      expect(await bytesOf(found?.body ?? pieces(text(''), 1))).toEqual(Buffer.from('body'));
      expect(await store.head('kept')).toMatchObject(properties);
      expect(await store.tags('kept')).toEqual({ one: '1', two: '' });
      const listed = await store.listPage({ prefix: 'kept', startAfter: null });
      expect(listed.objects[0]?.storageClass).toBe('STANDARD_IA');
    });

    it('keeps an Expires that is no date', async () => {
      await put('expires', 'x', { expires: '0' });
      expect((await store.head('expires'))?.expires).toBe('0');
    });

    it('keeps metadata and content headers outside ASCII', async () => {
      const metadata = { latin: 'Müller', greek: 'Ωμέγα', astral: '\u{1f600}' };
      const contentDisposition = 'attachment; filename="Übung.pdf"';
      const headers = { metadata, contentDisposition };
      await put('told/empty', '', headers);
      await put('told/small', 'x', headers);
      await store.put('told/streamed', pieces(text('abc'), 1), 3, headers);
      const bytes = Buffer.alloc(2 * 1024 * 1024);
      await store.put('told/larger', bytes, bytes.byteLength, headers);
      for (const key of ['told/empty', 'told/small', 'told/streamed', 'told/larger']) {
        expect(await store.head(key), key).toMatchObject(headers);
      }
    });

    it('replaces an object whole', async () => {
      await put('replaced', 'first', { contentType: 'text/plain', metadata: { a: '1' }, tags: { t: '1' } });
      await put('replaced', 'second', {});
      expect(await content('replaced')).toBe('second');
      expect(await store.head('replaced')).toMatchObject({ metadata: {}, cacheControl: null });
      expect(await store.tags('replaced')).toEqual({});
    });

    it('takes bodies of 0 bytes, from memory and as a stream', async () => {
      await put('empty', '');
      await store.put('empty-stream', pieces(text(''), 1), 0, {});
      for (const key of ['empty', 'empty-stream']) {
        expect(await store.head(key)).toMatchObject({ sizeBytes: 0, etag: hexMd5(text('')) });
        expect(await content(key)).toBe('');
      }
    });

    it('takes a streamed body and checks its MD5', async () => {
      const bytes = Buffer.alloc(300_000, 'stream');
      const contentMd5 = base64Md5(bytes);
      const { etag } = await store.put('streamed', pieces(bytes, 7001), bytes.byteLength, { contentMd5 });
      expect(etag).toBe(hexMd5(bytes));
      expect(await content('streamed')).toBe(bytes.toString());
      const wrong = store.put('damaged', pieces(bytes, 7001), bytes.byteLength, {
        contentMd5: base64Md5(text('other')),
      });
      expect(await kindOf(wrong)).toBe('failed');
      expect(await store.head('damaged')).toBeNull();
    });

    it('takes a large body, from memory and as a stream, with its properties', async () => {
      const bytes = Buffer.alloc(examined.largeBytes);
      for (let at = 0; at + 4 <= bytes.byteLength; at += 4096) bytes.writeUInt32LE(at, at);
      const properties = { contentType: 'video/mp4', metadata: { a: 'b' }, expires: '0' };
      await store.put('large/memory', bytes, bytes.byteLength, { ...properties, tags: { t: '1' } });
      await store.put('large/stream', pieces(bytes, 100_003), bytes.byteLength, {
        ...properties,
        tags: { t: '1' },
      });
      for (const key of ['large/memory', 'large/stream']) {
        const found = await store.get(key);
        expect(found?.details).toMatchObject({ ...properties, sizeBytes: bytes.byteLength, tagCount: 1 });
        expect(hexMd5(await bytesOf(found?.body ?? pieces(bytes, 1)))).toBe(hexMd5(bytes));
      }
    });

    it('stores nothing when a body ends early, is too long or breaks', async () => {
      async function* breaks() {
        yield text('he');
        throw new StoreError('unreachable', 'ECONNRESET: the source went away', { code: 'ECONNRESET' });
      }
      expect(await kindOf(store.put('cut', pieces(text('hello'), 2), 6, {}))).toBe('failed');
      expect(await kindOf(store.put('cut', pieces(text('hello'), 2), 4, {}))).toBe('failed');
      expect(await kindOf(store.put('cut', text('hello'), 4, {}))).toBe('failed');
      expect(await kindOf(store.put('cut', breaks(), 6, {}))).toBe('unreachable');
      expect(await store.head('cut')).toBeNull();
    });

    it('leaves no unfinished upload when a large body breaks', async () => {
      const { largeBytes } = examined;
      async function* breaks() {
        yield Buffer.alloc(largeBytes - 1);
        throw new StoreError('unreachable', 'ECONNRESET: the source went away', { code: 'ECONNRESET' });
      }
      expect(await kindOf(store.put('large/broken', breaks(), largeBytes, {}))).toBe('unreachable');
      expect(await kindOf(store.put('large/broken', pieces(text('short'), 2), largeBytes, {}))).toBe(
        'failed',
      );
      expect(await store.head('large/broken')).toBeNull();
      expect(await collected(store.unfinishedUploads('large/'))).toEqual([]);
    });

    it('gives ranges with the size of the whole', async () => {
      await put('ranged', '0123456789');
      const part = await store.get('ranged', { range: { first: 2, last: 4 } });
      expect(part?.details.sizeBytes).toBe(10);
      expect((await bytesOf(part?.body ?? pieces(text(''), 1))).toString()).toBe('234');
      const beyond = await store.get('ranged', { range: { first: 8, last: 99 } });
      expect((await bytesOf(beyond?.body ?? pieces(text(''), 1))).toString()).toBe('89');
      expect(await kindOf(store.get('ranged', { range: { first: 10, last: 11 } }))).toBe('precondition');
    });

    it('reads only the version asked for', async () => {
      const { etag } = await put('pinned', 'one');
      const found = await store.get('pinned', { ifMatch: etag ?? '' });
      expect((await bytesOf(found?.body ?? pieces(text(''), 1))).toString()).toBe('one');
      await put('pinned', 'two');
      expect(await kindOf(store.get('pinned', { ifMatch: etag ?? '' }))).toBe('precondition');
    });

    it('answers null for an object that is not there and deletes it all the same', async () => {
      expect(await store.head('nothing')).toBeNull();
      expect(await store.get('nothing')).toBeNull();
      expect(await store.get('nothing', { range: { first: 0, last: 1 } })).toBeNull();
      await store.delete('nothing');
      expect(await kindOf(store.tags('nothing'))).not.toBe('resolved');
    });

    it('refuses a key of more than 1,024 bytes for good', async () => {
      expect(await kindOf(put('é'.repeat(513), 'x'))).toBe('rejected');
    });

    it('says that the object must be restored when it is archived', async () => {
      await put('frozen', 'x', { storageClass: 'DEEP_ARCHIVE' });
      expect((await store.head('frozen'))?.storageClass).toBe('DEEP_ARCHIVE');
      expect(await kindOf(store.get('frozen'))).toBe('archived');
    });

    it('sends nothing once the signal is aborted', async () => {
      const signal = AbortSignal.abort();
      expect(await kindOf(store.put('aborted', text('x'), 1, {}, signal))).toBe('failed');
      expect(await kindOf(store.get('kept', { signal }))).toBe('failed');
      expect(await store.head('aborted')).toBeNull();
    });

    it('counts its requests by operation', async () => {
      const before = store.requestsMade();
      await put('counted', 'x');
      await store.head('counted');
      await store.head('counted');
      await content('counted');
      await store.listPage({ prefix: 'counted', startAfter: null });
      const after = store.requestsMade();
      const made = (operation: string) => (after[operation] ?? 0) - (before[operation] ?? 0);
      expect(['PutObject', 'HeadObject', 'GetObject', 'DeleteObject'].map(made)).toEqual([1, 2, 1, 0]);
      expect(made('ListObjectsV2') + made('ListObjects')).toBe(1);
    });
  });
}
