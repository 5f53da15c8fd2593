import { describe, expect, test } from 'vitest';
import { Listing } from '../../../core/inventory/checkpoint.ts';
import { jobLayout } from '../../../core/job-layout.ts';
import { decodeJson } from '../../../core/json-lines.ts';
import { StoreError } from '../../../core/store-error.ts';
import { noObjects } from '../../../core/transfer/outcome.ts';
import { replacing } from '../../support/memory-buckets.ts';
import { aPlace, checkInventory, finished } from './listing-checks.ts';
import { type Place, queuedBatches, readInventory } from './listing-runs.ts';

describe('a listing', () => {
  test('of an empty bucket is one empty shard and no batch', async () => {
    const place = await aPlace({ source: {} });
    const listing = await finished(place);
    expect(listing).toEqual({
      version: 1,
      shards: 1,
      batches: 0,
      effort: { ranges: 1, pages: 1, emptyProbes: 0 },
      listed: noObjects(),
      tallies: {
        transfer: noObjects(),
        unchanged: noObjects(),
        kept: noObjects(),
        excluded: noObjects(),
        exception: noObjects(),
      },
      requests: { source: { ListObjectsV2: 1 }, destination: { ListObjectsV2: 1 } },
      finishedAtMs: 0,
    });
    expect(await checkInventory(place, listing)).toEqual([]);
    expect(await queuedBatches(place)).toEqual([]);
    const stored = await place.jobStore.read(jobLayout.listing(place.plan.folder));
    expect(decodeJson(stored?.bytes ?? new Uint8Array(), Listing)).toEqual(listing);
  });

  test('queues what the worker needs to know of each object', async () => {
    const place = await aPlace(
      { source: { 'a/1': 'x', 'a/2': 'xx', b: 'x' }, destination: { 'p/b': 'x' } },
      {
        destination: { prefix: 'p/', storageClass: 'STANDARD_IA' },
        rules: [
          { match: 'a/1', tags: { t: '1' }, metadata: { m: '1' }, storageClass: 'GLACIER' },
          { match: 'a/*', rename: { prefix: 'a/', to: 'c/' } },
        ],
      },
    );
    await finished(place);
    const [batch, ...others] = await queuedBatches(place);
    expect(others).toEqual([]);
    expect(batch).toMatchObject({ migration: 'm', batch: '0000-0', shard: '0000', attempt: 1 });
    expect(batch?.files).toEqual([
      {
        key: 'a/1',
        to: 'p/c/1',
        sizeBytes: 1,
        etag: '9dd4e461268c8034f5c8564e155c67a6',
        modifiedAtMs: 0,
        storageClass: 'GLACIER',
        tags: { t: '1' },
        metadata: { m: '1' },
      },
      {
        key: 'a/2',
        to: 'p/c/2',
        sizeBytes: 2,
        etag: '9336ebf25087d91c818ee6e9ec29f8c1',
        modifiedAtMs: 0,
        storageClass: 'STANDARD_IA',
      },
    ]);
  });

  test('writes each object into the inventory as the source listed it', async () => {
    const place = await aPlace({ source: { a: 'x' } });
    expect(await checkInventory(place, await finished(place))).toEqual([
      {
        key: 'a',
        sizeBytes: 1,
        etag: '9dd4e461268c8034f5c8564e155c67a6',
        modifiedAtMs: 0,
        storageClass: 'STANDARD',
        decision: 'transfer',
      },
    ]);
  });

  test('lists only what is under the prefix of the source', async () => {
    const place = await aPlace(
      { source: { a: 'x', 'b/1': 'x', 'b/2': 'x', c: 'x' } },
      { source: { prefix: 'b/' } },
    );
    const rows = await checkInventory(place, await finished(place));
    expect(rows.map(({ key }) => key)).toEqual(['b/1', 'b/2']);
  });

  test('closes a shard with the page that fills it, and its batch with it', async () => {
    const place = await aPlace(
      { source: { a: 'x', b: 'x', c: 'x', d: 'x', e: 'x' } },
      {},
      { pageSize: 2, shardRows: 3 },
    );
    const { shards } = await readInventory(place, await finished(place));
    expect(shards.map(({ shard, range, pieces, listed }) => [shard, range, pieces, listed.objects])).toEqual([
      ['0000', { after: null, upTo: 'd' }, 2, 4],
      ['0001', { after: 'd', upTo: null }, 1, 1],
    ]);
    const batches = await queuedBatches(place);
    expect(batches.map(({ batch, shard, files }) => [batch, shard, files.map(({ key }) => key)])).toEqual([
      ['0000-0', '0000', ['a', 'b', 'c', 'd']],
      ['0001-0', '0001', ['e']],
    ]);
  });

  test('stores a checkpoint after every page, when the batches of its rows are confirmed', async () => {
    const place = await aPlace(
      { source: { a: 'x', b: 'x', c: 'x' } },
      { batch: { maxObjects: 2 } },
      { pageSize: 1 },
    );
    const effects: string[] = [];
    const watched: Place = {
      ...place,
      queue: replacing(place.queue, {
        async send(messages) {
          await place.queue.send(messages);
          if (messages.length > 0) effects.push('batch');
        },
      }),
      jobStore: replacing(place.jobStore, {
        async write(path, bytes, options) {
          const name = path.slice(place.plan.folder.length + 1);
          const cursor =
            name === 'checkpoint.json'
              ? ` ${JSON.parse(Buffer.from(bytes).toString()).ranges[0]?.cursor}`
              : '';
          effects.push(name + cursor);
          return place.jobStore.write(path, bytes, options);
        },
      }),
    };
    await finished(watched);
    expect(effects).toEqual([
      'inventory/0000/000000.jsonl.zst',
      'checkpoint.json a',
      'inventory/0000/000001.jsonl.zst',
      'batch',
      'checkpoint.json b',
      'inventory/0000/000002.jsonl.zst',
      'batch',
      'inventory/shards/0000.json',
      'checkpoint.json undefined',
      'listing.json',
    ]);
  });

  test('throws what a store throws and leaves no result', async () => {
    const place = await aPlace({ source: { a: 'x' } });
    const denied = new StoreError('denied', 'AccessDenied: no', { code: 'AccessDenied', status: 403 });
    const source = replacing(place.source, {
      listPage: async () => {
        throw denied;
      },
    });
    await expect(finished({ ...place, source })).rejects.toBe(denied);
    expect(await place.jobStore.read(jobLayout.listing(place.plan.folder))).toBeNull();
  });
});
