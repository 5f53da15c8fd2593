import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { compareKeys } from '../../../core/keyspace/key-order.ts';
import { type S3Server, startS3Server } from '../../../local/s3-server/s3-server.ts';
import { hardKeys } from '../../conformance/hard-keys.ts';
import { openedStores } from '../../support/opened-stores.ts';

const open = openedStores();

describe('a store of another kind', () => {
  let server: S3Server;
  beforeAll(async () => {
    server = await startS3Server({ buckets: ['held'] });
    const store = open(server.endpoint);
    for (const key of hardKeys) await store.put(key, Buffer.from('x'), 1, {});
  });
  afterEach(() => {
    server.faults.listing = 'v2';
  });
  afterAll(() => server.stop());

  // Characters that XML 1.0 has no way to write, so that only an encoded listing can tell them.
  const unwritable = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;

  it('may list without URL encoding although it was asked for it', async () => {
    server.faults.listing = 'no-url-encoding';
    const plain = hardKeys.filter((key) => !unwritable.test(key)).sort(compareKeys);
    const store = open(server.endpoint);
    for (const key of hardKeys.filter((held) => unwritable.test(held))) await store.delete(key);
    const page = await store.listPage({ prefix: '', startAfter: null });
    expect(page.objects.map(({ key }) => key)).toEqual(plain);
    for (const key of hardKeys) await store.put(key, Buffer.from('x'), 1, {});
  });

  it('is not asked for URL encoding when it is IBM’s', async () => {
    const store = open(server.endpoint, { provider: 'IBMCOS' });
    const page = await store.listPage({ prefix: 'percent', startAfter: null });
    expect(page.objects.map(({ key }) => key)).toEqual(['percent%', 'percent%2Fslash']);
    const plus = await store.listPage({ prefix: 'plus', startAfter: null });
    expect(plus.objects.map(({ key }) => key)).toEqual(['plus+plus']);
  });

  it('is refused when it starts over in spite of StartAfter, and listed by markers instead', async () => {
    server.faults.listing = 'no-start-after';
    const query = { prefix: '', startAfter: 'composed' };
    const refused = open(server.endpoint).listPage(query);
    await expect(refused).rejects.toMatchObject({ name: 'StoreError', kind: 'unsupported' });
    const byMarker = await open(server.endpoint, { listing: 'v1' }).listPage(query);
    const expected = hardKeys.filter((key) => compareKeys(key, 'composed') > 0).sort(compareKeys);
    expect(byMarker.objects.map(({ key }) => key)).toEqual(expected);
  });

  it('is listed by its own tokens when it knows no other way', async () => {
    server.faults.listing = 'token-only';
    for (const listing of ['v2', 'v1'] as const)
      await expect(
        open(server.endpoint, { listing }).listPage({ prefix: '', startAfter: 'composed' }),
      ).rejects.toMatchObject({ kind: 'unsupported' });
    const store = open(server.endpoint, { listing: 'stream' });
    const keys: string[] = [];
    for (let token: string | undefined, startAfter: string | null = null, more = true; more; ) {
      const place = { prefix: '', startAfter, ...(token === undefined ? {} : { token }) };
      const page = await store.listPage({ ...place, maxKeys: 7 });
      keys.push(...page.objects.map(({ key }) => key));
      startAfter = keys.at(-1) ?? null;
      ({ more, next: token } = page);
    }
    expect(keys).toEqual([...hardKeys].sort(compareKeys));
    expect(store.requestsMade()).toEqual({ ListObjectsV2: Math.ceil(hardKeys.length / 7) });
  });

  it('is read from the beginning, past what is known, when it takes its own token no more', async () => {
    server.faults.listing = 'token-only';
    const store = open(server.endpoint, { listing: 'stream' });
    const query = { prefix: '', startAfter: 'percent%', maxKeys: 7 };
    const behind = [...hardKeys].sort(compareKeys).filter((key) => compareKeys(key, 'percent%') > 0);
    for (const place of [query, { ...query, token: 'b2xk' }]) {
      const page = await store.listPage(place);
      expect(page.objects.length).toBeGreaterThan(0);
      expect(page.objects.map(({ key }) => key)).toEqual(behind.slice(0, page.objects.length));
      const on = await store.listPage({
        ...query,
        startAfter: page.objects.at(-1)?.key ?? null,
        token: page.next ?? '',
      });
      expect(on.objects[0]?.key).toBe(behind[page.objects.length]);
    }
  });

  it('shows every key of a bucket that it lists in an order of its own', async () => {
    server.faults.listing = 'unordered';
    const store = open(server.endpoint, { listing: 'unordered' });
    const keys: string[] = [];
    for (let token: string | undefined, more = true; more; ) {
      const query = { prefix: '', startAfter: null, maxKeys: 7 };
      const page = await store.listPage({ ...query, ...(token === undefined ? {} : { token }) });
      keys.push(...page.objects.map(({ key }) => key));
      ({ more, next: token } = page);
    }
    expect(keys).not.toEqual([...hardKeys].sort(compareKeys));
    expect(keys.sort(compareKeys)).toEqual([...hardKeys].sort(compareKeys));
  });

  it('is refused when its pages are out of order', async () => {
    server.faults.listing = 'unordered';
    const refused = open(server.endpoint).listPage({ prefix: '', startAfter: null });
    await expect(refused).rejects.toMatchObject({ kind: 'unsupported' });
    await expect(refused).rejects.toThrow('not UTF-8 byte order');
  });
});
