import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sameName } from '../../../adapters/rclone/listed-entry.ts';
import { finishedSpool, SpoolBuilder, type SpoolOptions } from '../../../adapters/spool/build-spool.ts';
import { SortedListing } from '../../../adapters/spool/sorted-listing.ts';
import type { ObjectSummary } from '../../../core/inventory/inventory-row.ts';
import { readPages } from '../../../core/inventory/page-reader.ts';
import { compareKeys } from '../../../core/keyspace/key-order.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drover-spool-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const object = (key: string, sizeBytes = 1): ObjectSummary => ({
  key,
  sizeBytes,
  etag: null,
  modifiedAtMs: 1_700_000_000_000,
  storageClass: null,
});

const seen = ({ problem, sizeBytes }: ObjectSummary): string => problem ?? String(sizeBytes);

const newest: SpoolOptions['whenTwice'] = (_, second) => second;

async function spoolOf(
  objects: readonly ObjectSummary[],
  options: Partial<SpoolOptions> = {},
): Promise<{ listing: SortedListing; runs: number }> {
  const builder = await SpoolBuilder.open({ folder: join(folder, 's'), whenTwice: newest, ...options });
  for (let at = 0; at < objects.length; at += 7) await builder.add(objects.slice(at, at + 7));
  const listing = await SortedListing.open(await builder.finish());
  return { listing, runs: builder.runsWritten };
}

async function allOf(listing: SortedListing, prefix = '', after: string | null = null): Promise<string[]> {
  const keys: string[] = [];
  for await (const page of readPages(listing, { prefix, range: { after, upTo: null } }))
    keys.push(...page.map(({ key }) => key));
  return keys;
}

describe('a sorted spool', () => {
  it('lists keys that came in any order as a bucket would, with runs of a few objects and merges of three', async () => {
    const anyKey = fc.string({ unit: 'binary', minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(anyKey, { maxLength: 120 }),
        anyKey,
        fc.integer({ min: 1, max: 9 }),
        async (keys, start, maxKeys) => {
          const { listing } = await spoolOf(
            keys.map((key) => object(key)),
            { runBytes: 1500, fanIn: 3 },
          );
          try {
            const sorted = [...keys].sort(compareKeys);
            expect(await allOf(listing)).toEqual(sorted);
            const prefix = start.slice(0, 1).isWellFormed() ? start.slice(0, 1) : '';
            for (const startAfter of [null, start, sorted[3] ?? null]) {
              const wanted = sorted.filter(
                (key) => key.startsWith(prefix) && (startAfter === null || compareKeys(key, startAfter) > 0),
              );
              const page = await listing.listPage({ prefix, startAfter, maxKeys });
              expect(page.objects.map(({ key }) => key)).toEqual(wanted.slice(0, maxKeys));
              expect(page.more).toBe(wanted.length > maxKeys);
            }
          } finally {
            await listing.close();
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('finds a place in a file of many blocks from either end, and keeps long keys whole', async () => {
    const keys = Array.from(
      { length: 20_000 },
      (_, n) => `${String((n * 7919) % 20_000).padStart(6, '0')}/${'ü'.repeat(n % 300)}`,
    );
    const { listing, runs } = await spoolOf(
      keys.map((key) => object(key)),
      { runBytes: 400_000, fanIn: 4 },
    );
    expect(runs).toBeGreaterThan(20);
    const sorted = [...keys].sort(compareKeys);
    expect(await allOf(listing)).toEqual(sorted);
    for (const place of [0, 1, 9_999, 15_000, 19_998, 19_999]) {
      const startAfter = sorted[place] ?? '';
      const page = await listing.listPage({ prefix: '', startAfter, maxKeys: 2 });
      expect(page.objects.map(({ key }) => key)).toEqual(sorted.slice(place + 1, place + 3));
    }
    expect(await allOf(listing, '0123')).toEqual(sorted.filter((key) => key.startsWith('0123')));
    expect(await allOf(listing, 'no such')).toEqual([]);
    await listing.close();
  });

  it('asks what becomes of a key that came twice, whichever runs the two are in, in the order in which they came', async () => {
    const objects = ['b', 'a', 'b', 'c', 'b', 'a'].map((key, n) => object(key, n));
    for (const runBytes of [1, 600, 1_000_000]) {
      const { listing } = await spoolOf(objects, {
        runBytes,
        fanIn: 2,
        whenTwice: (first, second) => ({ ...first, problem: `${seen(first)}+${seen(second)}` }),
      });
      const { objects: found } = await listing.listPage({ prefix: '', startAfter: null });
      expect(found.map(({ key, problem }) => [key, problem])).toEqual([
        ['a', '1+5'],
        ['b', '0+2+4'],
        ['c', undefined],
      ]);
      await listing.close();
    }
  });

  it('names files of one name instead of choosing one of them', async () => {
    const { listing } = await spoolOf([object('a', 1), object('b', 2), object('a', 3), object('a', 4)], {
      runBytes: 1,
      fanIn: 2,
      whenTwice: sameName,
    });
    const { objects } = await listing.listPage({ prefix: '', startAfter: null });
    expect(objects).toEqual([
      { ...object('a', 1), problem: expect.stringContaining('several files of this name') },
      object('b', 2),
    ]);
    await listing.close();
  });

  it('is found again when it was finished, and begun anew when it was cut short', async () => {
    const options = { folder: join(folder, 'again'), whenTwice: newest, runBytes: 1 };
    const cut = await SpoolBuilder.open(options);
    await cut.add([object('old')]);
    expect(await finishedSpool(options.folder)).toBeNull();
    const whole = await SpoolBuilder.open(options);
    await whole.add([object('new')]);
    const path = await whole.finish();
    expect(await finishedSpool(options.folder)).toBe(path);
    expect(await readdir(options.folder), 'nothing else is left').toEqual(['sorted']);
    const listing = await SortedListing.open(path);
    expect(await allOf(listing)).toEqual(['new']);
    await listing.close();
  });

  it('lists nothing where nothing was added', async () => {
    const { listing } = await spoolOf([]);
    expect(await listing.listPage({ prefix: '', startAfter: null })).toEqual({ objects: [], more: false });
    await listing.close();
  });
});
