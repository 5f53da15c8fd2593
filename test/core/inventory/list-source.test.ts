import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Checkpoint, Listing } from '../../../core/inventory/checkpoint.ts';
import { listSource } from '../../../core/inventory/list-source.ts';
import { jobLayout } from '../../../core/job-layout.ts';
import { decodeJson, encodeJson } from '../../../core/json-lines.ts';
import { compareKeys } from '../../../core/keyspace/key-order.ts';
import { rangeContains } from '../../../core/keyspace/key-range.ts';
import { VersionConflict } from '../../../core/ports.ts';
import { StoreError } from '../../../core/store-error.ts';
import { addTally, noObjects } from '../../../core/transfer/outcome.ts';
import { aPlan, type RequestChanges } from '../../support/builders.ts';
import type { Death } from '../../support/fuse.ts';
import { closeKey, keysInOrder, sameEveryRun } from '../../support/hard-keys.ts';
import { bucketOf, listed, putText, replacing, type Texts } from '../../support/memory-buckets.ts';
import { type Place, placeOf, queuedBatches, readInventory, runLister } from './listing-runs.ts';

async function aPlace(
  texts: { source: Texts; destination?: Texts },
  request: RequestChanges = {},
  sizes: Partial<Pick<Place, 'pageSize' | 'shardRows'>> = {},
): Promise<Place> {
  return placeOf({
    plan: aPlan(request),
    source: await bucketOf(texts.source),
    destination: await bucketOf(texts.destination),
    ...sizes,
  });
}

async function finished(place: Place): Promise<Listing> {
  const listing = await runLister(place);
  if (typeof listing === 'string') throw new Error(`the lister ${listing}`);
  return listing;
}

/** Asserts what every finished inventory promises; gives its rows. */
async function checkInventory(place: Place, listing: Listing) {
  const { shards, rows } = await readInventory(place, listing);
  expect(shards[0]?.range.after).toBeNull();
  expect(shards.at(-1)?.range.upTo).toBeNull();
  shards.slice(1).forEach((shard, index) => {
    expect(shard.range.after).toBe(shards[index]?.range.upTo);
    expect(shard.range.after).not.toBeNull();
  });
  rows.forEach((ofShard, index) => {
    const { range, listed } = shards[index] ?? expect.fail();
    for (const { key } of ofShard) expect(rangeContains(range, key)).toBe(true);
    const tally = ofShard.reduce(
      (sum, row) => addTally(sum, { objects: 1, bytes: row.sizeBytes }),
      noObjects(),
    );
    expect(listed).toEqual(tally);
  });
  const all = rows.flat();
  all.slice(1).forEach((row, index) => {
    expect(compareKeys(all[index]?.key ?? '', row.key)).toBeLessThan(0);
  });
  expect(listing.listed).toEqual(shards.map(({ listed }) => listed).reduce(addTally, noObjects()));
  for (const [decision, tally] of Object.entries(listing.tallies)) {
    const decided = all.filter((row) => row.decision === decision);
    expect(tally).toEqual(
      decided.reduce((sum, row) => addTally(sum, { objects: 1, bytes: row.sizeBytes }), noObjects()),
    );
  }
  return all;
}

describe('a listing', () => {
  test('of an empty bucket is one empty shard and no batch', async () => {
    const place = await aPlace({ source: {} });
    const listing = await finished(place);
    expect(listing).toEqual({
      version: 1,
      shards: 1,
      batches: 0,
      listed: noObjects(),
      tallies: {
        transfer: noObjects(),
        unchanged: noObjects(),
        kept: noObjects(),
        excluded: noObjects(),
        exception: noObjects(),
      },
      requests: { source: { ListObjectsV2: 1 }, destination: {} },
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
      ['0001-1', '0001', ['e']],
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
            name === 'checkpoint.json' ? ` ${JSON.parse(Buffer.from(bytes).toString()).cursor}` : '';
          effects.push(name + cursor);
          return place.jobStore.write(path, bytes, options);
        },
      }),
    };
    await finished(watched);
    expect(effects).toEqual([
      'inventory/0000/000000.jsonl.gz',
      'checkpoint.json a',
      'batch',
      'inventory/0000/000001.jsonl.gz',
      'checkpoint.json b',
      'inventory/0000/000002.jsonl.gz',
      'checkpoint.json c',
      'batch',
      'inventory/shards/0000.json',
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

const texts = fc.dictionary(closeKey(4), fc.constantFrom('', 'x', 'yy'), { maxKeys: 40, size: 'max' });
const sizes = fc.record({
  pageSize: fc.integer({ min: 1, max: 6 }),
  shardRows: fc.integer({ min: 1, max: 9 }),
});
const request = fc.record({
  batch: fc.record({ maxObjects: fc.integer({ min: 1, max: 5 }), maxBytes: fc.constantFrom(1, 3, 100) }),
  select: fc.constantFrom({}, { minBytes: 1 }),
  rules: fc.constantFrom([], [{ match: '**', rename: { prefix: 'a', to: 'b' } }]),
});
const deaths = fc.array(
  fc.record<Death>({ step: fc.integer({ min: 1, max: 30 }), when: fc.constantFrom('before', 'after') }),
  { maxLength: 8, size: 'max' },
);

test('a lister that is killed anywhere, any number of times, loses nothing and lists nothing twice', async () => {
  let died = 0;
  await fc.assert(
    fc.asyncProperty(
      texts,
      texts,
      request,
      sizes,
      deaths,
      async (source, destination, request, sizes, deaths) => {
        const place = await aPlace({ source, destination }, request, sizes);
        const undisturbed = await aPlace({ source, destination }, request, sizes);
        let crashes = 0;
        for (const death of deaths) {
          const ended = await runLister(place, { death });
          if (ended !== 'died') break;
          crashes += 1;
        }
        died += crashes;
        const listing = await finished(place);
        const rows = await checkInventory(place, listing);
        const expected = await finished(undisturbed);
        expect(rows).toEqual(await checkInventory(undisturbed, expected));
        expect(rows.map(({ key }) => key)).toEqual(keysInOrder(Object.keys(source)));
        expect(listing).toMatchObject({
          listed: expected.listed,
          tallies: expected.tallies,
          shards: expected.shards,
          batches: expected.batches,
        });
        const batches = await queuedBatches(place);
        const toMove = rows.filter(({ decision }) => decision === 'transfer').map(({ key }) => key);
        const queued = batches.flatMap(({ files }) => files.map(({ key }) => key));
        expect(keysInOrder(queued)).toEqual(toMove);
        const twice = queued.length - toMove.length;
        expect(twice).toBeLessThanOrEqual(crashes * (sizes.pageSize + request.batch.maxObjects));
        const content = new Map<string, string>();
        for (const { batch, files } of batches) {
          const text = JSON.stringify(files);
          expect(content.get(batch) ?? text).toBe(text);
          content.set(batch, text);
        }
        const { shards } = await readInventory(place, listing);
        for (const { shard, files } of batches) {
          const range = shards.find((summary) => summary.shard === shard)?.range ?? expect.fail();
          for (const { key } of files) expect(rangeContains(range, key)).toBe(true);
        }
      },
    ),
    { ...sameEveryRun, numRuns: 150 },
  );
  expect(died).toBeGreaterThan(300);
});

test('an inventory holds together when the source changes between two lives of the lister', async () => {
  await fc.assert(
    fc.asyncProperty(texts, texts, request, sizes, deaths, async (before, after, request, sizes, deaths) => {
      const place = await aPlace({ source: before }, request, sizes);
      for (const [index, death] of deaths.entries()) {
        if ((await runLister(place, { death })) !== 'died') break;
        const changes = Object.entries(after).slice(index * 5, index * 5 + 5);
        for (const [key, text] of changes) await putText(place.source, key, text);
        const gone = Object.keys(before).slice(index * 5, index * 5 + 5);
        for (const key of gone) if (!(key in after)) await place.source.delete(key);
      }
      const rows = await checkInventory(place, await finished(place));
      const left = new Set((await listed(place.source)).map(({ key }) => key));
      const always = Object.keys(before).filter((key) => left.has(key));
      expect(rows.map(({ key }) => key)).toEqual(expect.arrayContaining(always));
      const queued = new Set(
        (await queuedBatches(place)).flatMap(({ files }) => files.map(({ key }) => key)),
      );
      for (const { key, decision } of rows) if (decision === 'transfer') expect(queued.has(key)).toBe(true);
    }),
    { ...sameEveryRun, numRuns: 80 },
  );
});

test('a lister that is told to stop ends after its page, and the next one goes on there', async () => {
  await fc.assert(
    fc.asyncProperty(
      texts,
      request,
      sizes,
      fc.integer({ min: 1, max: 3 }),
      async (source, request, sizes, pages) => {
        const place = await aPlace({ source }, request, sizes);
        let ended = await runLister(place, { stopAfterPages: pages });
        for (let lives = 1; ended === 'stopped'; lives++) {
          const kept = await place.jobStore.read(jobLayout.checkpoint(place.plan.folder));
          expect(
            JSON.parse(Buffer.from(kept?.bytes ?? []).toString()).requests.source.ListObjectsV2,
          ).toBeGreaterThan(0);
          expect(lives).toBeLessThan(60);
          ended = await runLister(place, { stopAfterPages: pages + (lives > 40 ? 100 : 0) });
        }
        if (typeof ended === 'string') throw new Error(`the lister ${ended}`);
        const rows = await checkInventory(place, ended);
        const queued = (await queuedBatches(place)).flatMap(({ files }) => files.map(({ key }) => key));
        expect(queued).toHaveLength(new Set(queued).size);
        expect(keysInOrder(queued)).toEqual(
          rows.filter(({ decision }) => decision === 'transfer').map(({ key }) => key),
        );
      },
    ),
    { ...sameEveryRun, numRuns: 60 },
  );
});

describe('a second lister', () => {
  test('of the same migration ends in a version conflict at its first checkpoint', async () => {
    const place = await aPlace({ source: { a: 'x', b: 'x', c: 'x' } }, {}, { pageSize: 1 });
    expect(await runLister(place, { stopAfterPages: 1 })).toBe('stopped');
    let other: Promise<unknown> | null = null;
    const slow = replacing(place.source, {
      async listPage(query) {
        // While this one lists, another takes up the same checkpoint and gets further.
        other ??= runLister({ ...place, source: place.source }, { stopAfterPages: 1 });
        await other;
        return place.source.listPage(query);
      },
    });
    await expect(runLister({ ...place, source: slow })).rejects.toThrow(VersionConflict);
    expect(await other).toBe('stopped');
    expect(await runLister(place)).toMatchObject({ listed: { objects: 3, bytes: 3 } });
  });

  test('that finds a checkpoint where it expects none ends in a version conflict', async () => {
    const place = await aPlace({ source: { a: 'x' } });
    const path = jobLayout.checkpoint(place.plan.folder);
    await place.jobStore.write(path, encodeJson({}));
    const { plan, source, destination, queue, jobStore, clock, shardRows } = place;
    const parts = { plan, source, destination, queue, jobStore, clock, shardRows };
    const stop = new AbortController().signal;
    await expect(listSource({ ...parts, log: () => undefined, checkpoint: null, stop })).rejects.toThrow(
      VersionConflict,
    );
  });
});

test('requests of all lives add up in the listing', async () => {
  const place = await aPlace({ source: { a: 'x', b: 'x' } }, {}, { pageSize: 1 });
  await runLister(place, { stopAfterPages: 1 });
  const before: Checkpoint = JSON.parse(
    Buffer.from((await place.jobStore.read(jobLayout.checkpoint(place.plan.folder)))?.bytes ?? []).toString(),
  );
  const listing = await finished({ ...place, source: await bucketOf({ a: 'x', b: 'x' }) });
  expect(listing.requests.source.ListObjectsV2).toBe((before.requests.source.ListObjectsV2 ?? 0) + 1);
});
