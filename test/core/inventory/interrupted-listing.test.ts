import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Checkpoint } from '../../../core/inventory/checkpoint.ts';
import { listSource } from '../../../core/inventory/list-source.ts';
import { jobLayout } from '../../../core/job-layout.ts';
import { encodeJson } from '../../../core/json-lines.ts';
import { rangeContains } from '../../../core/keyspace/key-range.ts';
import { VersionConflict } from '../../../core/ports.ts';
import type { Death } from '../../support/fuse.ts';
import { closeKey, keysInOrder, sameEveryRun } from '../../support/hard-keys.ts';
import { bucketOf, listed, putText, replacing } from '../../support/memory-buckets.ts';
import { aPlace, checkInventory, finished } from './listing-checks.ts';
import { queuedBatches, readInventory, runLister } from './listing-runs.ts';

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
  expect(died).toBeGreaterThan(150);
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
    await expect(
      listSource({ ...parts, pace: place.pace, log: () => undefined, checkpoint: null, stop }),
    ).rejects.toThrow(VersionConflict);
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
