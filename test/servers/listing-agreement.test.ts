import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { S3ObjectStore } from '../../adapters/aws/s3-object-store.ts';
import { startSeaweed } from '../../bench/transfer/seaweed-server.ts';
import type { ListingWay } from '../../core/ports.ts';
import { isS3Request } from '../../core/request.ts';
import { probeSource } from '../../functions/probe-source.ts';
import { startS3Server } from '../../local/s3-server/s3-server.ts';
import { findMoto, startMoto } from '../aws/moto-server.ts';
import { hardKeys } from '../conformance/hard-keys.ts';
import { checkInventory, finished } from '../core/inventory/listing-checks.ts';
import { placeOf } from '../core/inventory/listing-runs.ts';
import { aPlan, aRequest } from '../support/builders.ts';
import { anyKey, closeKey, keysInOrder, sameEveryRun } from '../support/hard-keys.ts';
import { bucketOf, listed } from '../support/memory-buckets.ts';
import { findSeaweed } from './find-seaweed.ts';
import { heldBy, limitsOfMoto, limitsOfSeaweed, type ServerLimit } from './server-limits.ts';

type Started = { endpoint: string; stop(): Promise<void> };
type Examined = {
  name: string;
  available: boolean;
  start(): Promise<Started>;
  limits: readonly ServerLimit[];
  /** Whether a listing may begin at any place; where it may not, only a bucket without folders can be cut into ranges. */
  anywhere: boolean;
};

const weed = findSeaweed();
const servers: Examined[] = [
  { name: 'our own server', available: true, start: () => startS3Server(), limits: [], anywhere: true },
  { name: 'moto', available: findMoto() !== null, start: startMoto, limits: limitsOfMoto, anywhere: true },
  {
    name: 'SeaweedFS',
    available: weed !== null,
    start: () => startSeaweed(weed ?? ''),
    limits: limitsOfSeaweed,
    anywhere: false,
  },
];

/** Buckets that are the same in every run. */
const buckets: Record<string, readonly string[]> = {
  'keys that tools damage': hardKeys,
  'random keys': fc.sample(anyKey(6), { ...sameEveryRun, numRuns: 200 }),
  'close keys': fc.sample(closeKey(4), { ...sameEveryRun, numRuns: 200 }),
  'a deep tree': fc.sample(
    fc
      .tuple(fc.nat(3), fc.nat(5), fc.nat(99))
      .map(([year, month, n]) => `logs/${2020 + year}/${month}/${n}.json`),
    { ...sameEveryRun, numRuns: 200 },
  ),
  'a flat bucket': Array.from({ length: 200 }, (_, n) => `k${String(n * 7919).padStart(7, '0')}`),
};

const reached = servers.filter(({ available }) => available);

describe.each(reached)('$name', ({ name, start, limits, anywhere }) => {
  let server: Started;
  let made = 0;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(() => server.stop());

  async function aBucket(): Promise<(listing: ListingWay) => S3ObjectStore> {
    const bucket = `agreed-${made++}`;
    await fetch(`${server.endpoint}/${bucket}`, { method: 'PUT' });
    const credentials = { accessKeyId: 'TEST', secretAccessKey: 'test' };
    const connection = {
      provider: 'Other',
      bucket,
      region: 'us-east-1',
      endpoint: server.endpoint,
      credentials,
    };
    return (listing) => new S3ObjectStore(connection, { maxAttempts: 1, listing });
  }
  const fill = async (store: S3ObjectStore, keys: Iterable<string>) => {
    for (const key of keys) await store.put(key, Buffer.from('x'), 1, {});
  };

  test.each(Object.entries(buckets))('lists %s as they are', async (bucket, drawn) => {
    const keys = heldBy(limits, drawn);
    const most = anywhere || bucket === 'a flat bucket' ? 6 : 1;
    const open = await aBucket();
    await fill(open('v2'), keys);
    for (const listing of ['v2', 'v1'] as const)
      for (const pageSize of [1, 3, 8]) {
        const source = open(listing);
        const place = placeOf({
          plan: aPlan(),
          source,
          destination: await bucketOf(),
          pageSize,
          shardRows: 25,
          pace: { most, requestsPerSecond: null },
        });
        const result = await finished(place);
        const rows = await checkInventory(place, result);
        expect(rows.map(({ key }) => key)).toEqual(keysInOrder(keys));
        if (most > 1 && keys.length > 100) expect(result.effort.ranges).toBeGreaterThan(3);
        source.close();
      }
  });

  test('begins a listing behind keys and behind what sorts last', async () => {
    const keys = heldBy(limits, [...hardKeys, ...(buckets['random keys'] ?? [])]);
    const open = await aBucket();
    await fill(open('v2'), keys);
    const ends = ['\u{10ffff}', '\u{10fffd}', '\uffff', '\u0001', ...keys.map((key) => `${key}\u{10fffd}`)];
    for (const listing of ['v2', 'v1'] as const) {
      const store = open(listing);
      for (const startAfter of ends.slice(0, 60)) {
        const page = await store.listPage({ prefix: '', startAfter, maxKeys: 3 });
        const behind = keysInOrder([...keys, startAfter]);
        const expected = behind.slice(behind.indexOf(startAfter) + 1).slice(0, 3);
        expect(page.objects.map(({ key }) => key)).toEqual(expected);
      }
      store.close();
    }
  });

  test('is found out by the preflight, and read in the way that shows every key', async () => {
    // Those that are out of order can be held, and are what sorting is for.
    const holding = limits.filter(({ shows }) => shows !== 'out of order');
    const drawn = [...hardKeys, ...(buckets['close keys'] ?? []), 'd/x', 'd-x', 'd0'];
    const keys = heldBy(holding, drawn);
    const open = await aBucket();
    await fill(open('v2'), keys);
    const request = aRequest({ objectTags: 'ignore' });
    if (!isS3Request(request)) return expect.fail();
    const { listing } = await probeSource(request, async (way) => open(way));
    expect(listing).toBe(anywhere ? 'v2' : 'unordered');
    for (const maxKeys of [3, 1000]) {
      const found: string[] = [];
      const store = open('unordered');
      for (let token: string | undefined, more = true; more; ) {
        const query = { prefix: '', startAfter: null, maxKeys };
        const page = await store.listPage({ ...query, ...(token === undefined ? {} : { token }) });
        found.push(...page.objects.map(({ key }) => key));
        ({ more, next: token } = page);
      }
      expect(keysInOrder(found)).toEqual(keysInOrder(keys));
      expect(found).toHaveLength(keys.length);
      store.close();
    }
  });

  test.skipIf(anywhere)('loses the folder whose name it is told to begin at', async () => {
    const open = await aBucket();
    await fill(open('v2'), ['d/x', 'e/z']);
    for (const startAfter of ['d', 'd-']) {
      const page = await open('v2').listPage({ prefix: '', startAfter });
      expect(page.objects.map(({ key }) => key)).toEqual(['e/z']);
    }
  });

  test.each(limits)('still: $reason', async ({ example, shows, hits }) => {
    expect(example.some((key) => hits(key, new Set(example)))).toBe(true);
    const open = await aBucket();
    const store = open('v2');
    if (shows === 'refused') {
      await expect(fill(store, example)).rejects.toMatchObject({ name: 'StoreError' });
      return;
    }
    await fill(store, example);
    if (shows === 'out of order') await expect(listed(store)).rejects.toMatchObject({ kind: 'unsupported' });
    else {
      const keys: string[] = [];
      for (let startAfter: string | null = null, more = true; more; ) {
        const page = await store.listPage({ prefix: '', startAfter, maxKeys: 1 });
        keys.push(...page.objects.map(({ key }) => key));
        startAfter = page.objects.at(-1)?.key ?? null;
        more = page.more;
      }
      expect(keys).not.toEqual(keysInOrder(example));
    }
    expect(name).not.toBe('our own server');
  });
});
