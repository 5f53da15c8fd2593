import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { S3ObjectStore } from '../../../adapters/aws/s3-object-store.ts';
import { packedObjects } from '../../../core/inventory/packed-page.ts';
import type { ListingWay } from '../../../core/ports.ts';
import { type S3Server, startS3Server } from '../../../local/s3-server/s3-server.ts';
import { hardKeys } from '../../conformance/hard-keys.ts';
import { openedStores } from '../../support/opened-stores.ts';

const open = openedStores();

describe('a page that is read as it comes', () => {
  let server: S3Server;
  const ascii = Array.from({ length: 30 }, (_, n) => `ascii/day=${n % 7}/a "quoted" + file-${n}`);
  beforeAll(async () => {
    server = await startS3Server({ buckets: ['held'] });
    const store = open(server.endpoint);
    for (const key of [...hardKeys, ...ascii])
      await store.put(key, Buffer.from(key), Buffer.byteLength(key), {});
  });
  afterEach(() => {
    server.faults.listing = 'v2';
  });
  afterAll(() => server.stop());

  /** The page as objects, and whether it came as bytes. */
  async function read(query: Parameters<S3ObjectStore['readPage']>[0], listing: ListingWay = 'v2') {
    const store = open(server.endpoint, { listing });
    return store.readPage(query, (page) =>
      'objects' in page
        ? { asBytes: false, objects: page.objects, more: page.more }
        : { asBytes: true, objects: packedObjects(page, 0, page.count), more: page.more },
    );
  }

  it.each([
    { query: { prefix: '', startAfter: null }, asBytes: true },
    { query: { prefix: 'ascii/', startAfter: null }, asBytes: true },
    { query: { prefix: 'ascii/', startAfter: 'ascii/day=3', maxKeys: 7 }, asBytes: true },
    { query: { prefix: 'nothing/', startAfter: null }, asBytes: false },
  ])('tells what a listing tells ($query)', async ({ query, asBytes }) => {
    const { objects, more } = await open(server.endpoint).listPage(query);
    expect(await read(query)).toEqual({ asBytes, objects, more });
    expect(await read(query, 'v1')).toEqual({ asBytes: false, objects, more });
  });

  it.each(['unordered', 'no-start-after'] as const)('is refused when the store is %s', async (fault) => {
    server.faults.listing = fault;
    const refused = read({ prefix: 'ascii/', startAfter: 'ascii/day=3' });
    await expect(refused).rejects.toMatchObject({ name: 'StoreError', kind: 'unsupported' });
  });

  it('is asked for once, whatever is done with it', async () => {
    const store = open(server.endpoint);
    const seen: number[] = [];
    await store.readPage({ prefix: 'ascii/', startAfter: null }, (page) => {
      seen.push('objects' in page ? page.objects.length : page.count);
      return Promise.reject(new Error('a failure of whoever reads')).catch(() => undefined);
    });
    expect(seen).toEqual([30]);
    expect(store.requestsMade()).toEqual({ ListObjectsV2: 1 });
  });
});
