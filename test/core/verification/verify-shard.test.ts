import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { StoreError } from '../../../core/store-error.ts';
import type { ExceptionKind } from '../../../core/transfer/outcome.ts';
import { accountedFor } from '../../../core/verification/verdict.ts';
import type { RequestChanges } from '../../support/builders.ts';
import { closeKey, sameEveryRun } from '../../support/hard-keys.ts';
import { putText, replacing, type Texts, textsOf } from '../../support/memory-buckets.ts';
import { aScene, verifyAll } from './verification-runs.ts';

const tally = (objects: number, bytes: number) => ({ objects, bytes });
const none = tally(0, 0);

describe('a key', () => {
  test('that arrived as it was listed is copied, proven by checksum', async () => {
    const { verdict, findings } = await verifyAll(await aScene({ source: { a: 'xx' }, after: { a: 'xx' } }));
    expect(findings).toEqual([]);
    expect(verdict).toMatchObject({
      rounds: 1,
      outcomes: { copied: tally(1, 2), unchanged: none, excluded: none, exception: none, repair: none },
      provenByChecksum: 1,
      provenBySize: 0,
      provenByContent: 0,
      missing: 0,
      different: 0,
      extra: 0,
      repaired: 0,
    });
  });

  test('that was there before is unchanged, and proven all the same', async () => {
    const { verdict } = await verifyAll(await aScene({ source: { a: 'xx' }, before: { a: 'xx' } }));
    expect(verdict).toMatchObject({
      outcomes: { copied: none, unchanged: tally(1, 2) },
      provenByChecksum: 1,
    });
  });

  test('that was there before and is other now is repaired', async () => {
    const scene = await aScene({ source: { a: 'xx' }, before: { a: 'xx' }, after: { a: 'yy' } });
    const { verdict } = await verifyAll(scene);
    expect(verdict).toMatchObject({ outcomes: { unchanged: none, repair: tally(1, 2) }, different: 1 });
  });

  test('that only its size can prove is counted as such', async () => {
    const scene = await aScene(
      { source: { a: 'xx' }, after: { a: 'yy' } },
      {},
      { capabilities: { sourceEtagIsMd5: false } },
    );
    const { verdict } = await verifyAll(scene);
    expect(verdict).toMatchObject({
      outcomes: { copied: tally(1, 2) },
      provenByChecksum: 0,
      provenBySize: 1,
    });
  });

  test('is not called copied when what is there has its size and is older than the source', async () => {
    const scene = await aScene(
      { source: { a: 'xx' }, before: { a: 'yy' } },
      {},
      { capabilities: { sourceEtagIsMd5: false }, destinationWrittenAtMs: 1 },
    );
    const { verdict, findings } = await verifyAll(scene);
    expect(verdict).toMatchObject({ outcomes: { copied: none, repair: tally(1, 2) }, provenBySize: 0 });
    expect(findings).toMatchObject([
      { reason: 'older at the destination than at the source, with nothing but the size to compare' },
    ]);
  });

  test('that is missing or different goes back to the queue, as the source has it now and the rules want it', async () => {
    const scene = await aScene(
      { source: { 'raw/a': 'xx', 'raw/b': 'xx' }, after: { 'p/video/b': 'y' } },
      {
        destination: { prefix: 'p/' },
        rules: [
          {
            match: '**',
            storageClass: 'GLACIER',
            tags: { t: '1' },
            metadata: { m: '1' },
            rename: { prefix: 'raw/', to: 'video/' },
          },
        ],
      },
    );
    await putText(scene.source, 'raw/b', 'zzz');
    const { verdict, findings } = await verifyAll(scene);
    const file = { modifiedAtMs: 1000, storageClass: 'GLACIER', tags: { t: '1' }, metadata: { m: '1' } };
    expect(findings).toEqual([
      {
        action: 'repair',
        key: 'raw/a',
        reason: 'missing at the destination',
        file: {
          ...file,
          key: 'raw/a',
          to: 'p/video/a',
          sizeBytes: 2,
          etag: '9336ebf25087d91c818ee6e9ec29f8c1',
        },
      },
      {
        action: 'repair',
        key: 'raw/b',
        reason: 'overwritten at the source after it was listed',
        file: {
          ...file,
          key: 'raw/b',
          to: 'p/video/b',
          sizeBytes: 3,
          etag: 'f3abb86bd34cf4d52698f14c0da1dc60',
        },
      },
    ]);
    expect(verdict).toMatchObject({
      outcomes: { repair: tally(2, 4) },
      missing: 1,
      different: 1,
      repaired: 2,
    });
  });

  test('that is missing or different after the last round is an exception', async () => {
    const scene = await aScene(
      { source: { a: 'xx', b: 'xx', c: 'xx' }, after: { b: 'yy' } },
      { verify: { repairRounds: 2 } },
    );
    const recorded = { c: 'source-denied' } as const;
    expect((await verifyAll(scene, { round: 2, recorded })).verdict).toMatchObject({
      outcomes: { repair: tally(2, 4), exception: tally(1, 2) },
      exceptionKinds: { 'source-denied': 1 },
    });
    const { verdict, findings } = await verifyAll(scene, { round: 3, recorded });
    expect(findings).toEqual([
      {
        action: 'exception',
        key: 'a',
        kind: 'exhausted',
        reason: 'still missing at the destination after every repair round',
      },
      {
        action: 'exception',
        key: 'b',
        kind: 'corrupt',
        reason: 'still different at the destination (by checksum) after every repair round',
      },
      { action: 'exception', key: 'c', kind: 'source-denied', reason: 'the worker said so' },
    ]);
    expect(verdict).toMatchObject({
      rounds: 3,
      outcomes: { copied: none, repair: none, exception: tally(3, 6) },
      exceptionKinds: { exhausted: 1, corrupt: 1, 'source-denied': 1 },
      missing: 2,
      different: 1,
      repaired: 0,
    });
  });

  test('is not repaired at all where no round is wanted', async () => {
    const scene = await aScene({ source: { a: 'xx' } }, { verify: { repairRounds: 0 } });
    expect((await verifyAll(scene)).verdict).toMatchObject({
      outcomes: { repair: none, exception: tally(1, 2) },
    });
  });

  test('that a worker gave up is copied when it is there', async () => {
    const scene = await aScene({ source: { a: 'xx' }, after: { a: 'xx' } });
    const { verdict } = await verifyAll(scene, { recorded: { a: 'destination-denied' } });
    expect(verdict).toMatchObject({ outcomes: { copied: tally(1, 2), exception: none } });
  });

  test('that the source has no more, or has otherwise, is an exception and not a loss', async () => {
    const scene = await aScene({ source: { a: 'xx', b: 'xx' }, after: { b: 'zzz' } });
    await scene.source.delete('a');
    await putText(scene.source, 'b', 'zzz');
    const { verdict, findings } = await verifyAll(scene);
    expect(findings.map((finding) => (finding.action === 'exception' ? finding.kind : finding))).toEqual([
      'source-missing',
      'source-changed',
    ]);
    expect(verdict).toMatchObject({ outcomes: { exception: tally(2, 4) }, missing: 1, different: 0 });
  });

  test('that is excluded is neither looked for nor called extra', async () => {
    const scene = await aScene(
      { source: { a: 'xx', b: 'xx' }, after: { a: 'yy' } },
      { select: { exclude: ['*'] } },
    );
    const { verdict } = await verifyAll(scene);
    expect(verdict).toMatchObject({
      outcomes: { excluded: tally(2, 4) },
      missing: 0,
      different: 0,
      extra: 0,
    });
  });

  test('that is kept is unchanged, whatever it is, and repaired when it is gone', async () => {
    const scene = await aScene(
      { source: { a: 'xx', b: 'xx' }, before: { a: 'yyy', b: 'yyy' } },
      { existing: 'keep' },
    );
    await scene.destination.delete('b');
    const { verdict } = await verifyAll(scene);
    expect(verdict).toMatchObject({
      outcomes: { unchanged: tally(1, 2), repair: tally(1, 2) },
      kept: 1,
      missing: 1,
      provenByChecksum: 0,
    });
  });

  test('that the lister refused is the exception that it wrote', async () => {
    const scene = await aScene(
      { source: { 'raw/': '', 'raw/a': 'x' }, after: { a: 'x' } },
      { rules: [{ match: '**', rename: { prefix: 'raw/', to: '' } }] },
    );
    const { verdict, findings } = await verifyAll(scene);
    expect(findings).toEqual([
      {
        action: 'exception',
        key: 'raw/',
        kind: 'unrepresentable',
        reason: 'its rename leaves nothing of the destination key; S3 keys have 1 byte at least',
      },
    ]);
    expect(verdict.outcomes).toMatchObject({ copied: tally(1, 1), exception: tally(1, 0) });
  });
});

describe('a sample of the content', () => {
  const everything = { verify: { contentSample: 1 } };

  /** A destination whose listing tells size and ETag of other bytes than it holds. */
  async function aCorruptScene(request: RequestChanges) {
    const scene = await aScene({ source: { a: 'xx', b: 'xx' }, after: { a: 'xx', b: 'yy' } }, request);
    const etag = createHash('md5').update('xx').digest('hex');
    const lying = replacing(scene.destination, {
      async listPage(query) {
        const page = await scene.destination.listPage(query);
        return { ...page, objects: page.objects.map((object) => ({ ...object, etag })) };
      },
    });
    return { ...scene, destination: lying };
  }

  test('finds other bytes behind the right size and checksum', async () => {
    const { verdict, findings } = await verifyAll(await aCorruptScene(everything));
    expect(findings).toMatchObject([
      { action: 'repair', key: 'b', reason: 'at the destination with other bytes' },
    ]);
    expect(verdict).toMatchObject({
      outcomes: { copied: tally(1, 2), repair: tally(1, 2) },
      provenByContent: 1,
      provenByChecksum: 0,
      different: 1,
    });
  });

  test('is what finds them: without it they pass', async () => {
    const { verdict } = await verifyAll(await aCorruptScene({}));
    expect(verdict).toMatchObject({ outcomes: { copied: tally(2, 4) }, provenByChecksum: 2 });
  });

  test('takes the word of the listing for copies that an archive does not hand out', async () => {
    const scene = await aScene({ source: { a: 'xx' } }, everything);
    await putText(scene.destination, 'a', 'xx', { storageClass: 'DEEP_ARCHIVE' });
    const { verdict } = await verifyAll(scene);
    expect(verdict).toMatchObject({
      outcomes: { copied: tally(1, 2) },
      provenByContent: 0,
      provenByChecksum: 1,
    });
  });

  test('that finds the copy gone by now counts it as missing', async () => {
    const scene = await aScene({ source: { a: 'xx' }, after: { a: 'xx' } }, everything);
    const destination = replacing(scene.destination, { get: async () => null });
    const { verdict } = await verifyAll({ ...scene, destination });
    expect(verdict).toMatchObject({ outcomes: { repair: tally(1, 2) }, missing: 1, different: 0 });
  });

  test('that finds the source gone by now says so', async () => {
    const scene = await aScene({ source: { a: 'xx' }, after: { a: 'xx' } }, everything);
    await scene.source.delete('a');
    const { verdict } = await verifyAll(scene);
    expect(verdict).toMatchObject({ exceptionKinds: { 'source-missing': 1 } });
  });
});

describe('an object at the destination that is not in the source', () => {
  const source = { b: 'x', d: 'x', f: 'x', h: 'x' };
  const copies = (prefix: string) =>
    Object.fromEntries(Object.entries(source).map(([key, text]) => [prefix + key, text]));
  const sizes = { pageSize: 2, shardRows: 2 };

  test.each<[string, string[], number]>([
    ['before the first key', ['a'], 1],
    ['between keys', ['c'], 1],
    ['at a boundary of shards', ['d\u0000', 'e'], 2],
    ['after the last key', ['i', 'j', '\u{10ffff}'], 3],
    ['everywhere', ['\u0000', 'a', 'c', 'd\u0000', 'e', 'g', 'h\u0000', 'z'], 8],
  ])('%s is extra, counted once over all shards', async (_, extras, count) => {
    const after = {
      ...copies('p/'),
      ...Object.fromEntries(extras.map((key) => [`p/${key}`, 'x'])),
      'q/z': 'x',
      o: 'x',
    };
    const scene = await aScene({ source, after }, { destination: { prefix: 'p/' } }, sizes);
    const { verdict, shards } = await verifyAll(scene);
    expect(shards.length).toBeGreaterThan(1);
    expect(verdict.extra).toBe(count);
    expect(verdict.outcomes.copied.objects).toBe(4);
  });

  test('is none of ours outside of the prefix of the source', async () => {
    const scene = await aScene(
      { source: { 's/a': 'x' }, after: { 'p/s/a': 'x', 'p/s/b': 'x', 'p/r': 'x', 'p/t': 'x' } },
      { source: { prefix: 's/' }, destination: { prefix: 'p/' } },
    );
    expect((await verifyAll(scene)).verdict.extra).toBe(1);
  });

  test('is not called extra where a rename could have led to it, and is where none could', async () => {
    const scene = await aScene(
      {
        source: { 'raw/a': 'x', b: 'x', 'video/c': 'x' },
        after: { 'video/a': 'x', b: 'x', 'video/c': 'x', 'video/d': 'x', 'raw/a': 'x', e: 'x' },
      },
      { rules: [{ match: 'raw/**', rename: { prefix: 'raw/', to: 'video/' } }] },
    );
    const { verdict } = await verifyAll(scene);
    expect(verdict.outcomes.copied.objects).toBe(3);
    // `raw/a` and `e`; of `video/d` nobody knows without asking the source for `raw/d`.
    expect(verdict.extra).toBe(2);
  });

  test('is extra where a rename leads everywhere, but not from this name', async () => {
    const scene = await aScene(
      { source: { 'raw/a': 'x' }, after: { a: 'x', 'raw/a': 'x' } },
      { rules: [{ match: 'raw/a', rename: { prefix: 'raw/', to: '' } }] },
    );
    expect((await verifyAll(scene)).verdict.extra).toBe(1);
  });
});

test('a listing that fails leaves nothing said about the shard', async () => {
  const scene = await aScene({ source: { a: 'x' } });
  const failure = new StoreError('failed', 'InternalError: no', { code: 'InternalError' });
  scene.destination.failNext('ListObjectsV2', failure);
  await expect(verifyAll(scene)).rejects.toBe(failure);
});

test('no more than 32 questions to the source are under way at once, and each is answered', async () => {
  const keys = Array.from({ length: 100 }, (_, index) => `k${String(index).padStart(3, '0')}`);
  const scene = await aScene({ source: Object.fromEntries(keys.map((key) => [key, 'x'])) });
  let [asking, most] = [0, 0];
  const source = replacing(scene.source, {
    async head(key) {
      most = Math.max(most, ++asking);
      await new Promise((resolve) => setImmediate(resolve));
      asking -= 1;
      return scene.source.head(key);
    },
  });
  const { findings, verdict } = await verifyAll({ ...scene, source });
  expect(most).toBe(32);
  expect(findings.map(({ key }) => key)).toEqual(keys);
  expect(verdict.outcomes.repair.objects).toBe(100);
});

test('the requests of a verification are counted on both sides', async () => {
  const scene = await aScene({ source: { a: 'x', b: 'x' }, after: { a: 'x' } });
  const madeBefore = scene.destination.requestsMade();
  const { shards } = await verifyAll(scene);
  const asked = shards[0]?.requests;
  expect(asked?.source.HeadObject).toBe(1);
  expect(asked?.destination.ListObjectsV2).toBe((madeBefore.ListObjectsV2 ?? 0) + 1);
});

type Expected = { outcome: string; kind?: ExceptionKind };

/** What is right for one key, told without ranges, shards, listings or ETags. */
function expectedOf(
  key: string,
  texts: { listed: Texts; now: Texts; before: Texts; there: Texts },
  mayRepair: boolean,
): Expected {
  const { listed, now, before, there } = texts;
  if (listed[key] === '') return { outcome: 'excluded' };
  if (there[key] !== undefined && there[key] === listed[key])
    return { outcome: before[key] === listed[key] ? 'unchanged' : 'copied' };
  if (now[key] === undefined) return { outcome: 'exception', kind: 'source-missing' };
  if (now[key] !== listed[key]) {
    if (there[key] === now[key]) return { outcome: 'exception', kind: 'source-changed' };
    return mayRepair ? { outcome: 'repair' } : { outcome: 'exception', kind: 'source-changed' };
  }
  if (mayRepair) return { outcome: 'repair' };
  return { outcome: 'exception', kind: there[key] === undefined ? 'exhausted' : 'corrupt' };
}

test('whatever both sides hold, every key has one outcome, the right one, and the sums meet', async () => {
  const text = fc.constantFrom('', 'x', 'y', 'zz');
  const texts = fc.dictionary(closeKey(3), text, { maxKeys: 25, size: 'max' });
  await fc.assert(
    fc.asyncProperty(
      texts,
      texts,
      texts,
      texts,
      fc.record({ pageSize: fc.integer({ min: 1, max: 5 }), shardRows: fc.integer({ min: 1, max: 8 }) }),
      fc.boolean(),
      async (source, before, after, overwritten, sizes, mayRepair) => {
        const scene = await aScene(
          { source, before, after },
          { select: { minBytes: 1 }, verify: { repairRounds: mayRepair ? 1 : 0 } },
          sizes,
        );
        const now: Record<string, string> = { ...source };
        for (const [key, text] of Object.entries(overwritten)) {
          if (text === '') {
            delete now[key];
            await scene.source.delete(key);
          } else if (key in now) {
            now[key] = text;
            await putText(scene.source, key, text);
          }
        }
        const there = { ...before, ...after };
        const { verdict, findings, rows, shards } = await verifyAll(scene);
        const expected = new Map(
          Object.keys(source).map((key) => [
            key,
            expectedOf(key, { listed: source, now, before, there }, mayRepair),
          ]),
        );
        for (const outcome of ['copied', 'unchanged', 'excluded', 'exception', 'repair'] as const) {
          const keys = [...expected].filter(([, each]) => each.outcome === outcome).map(([key]) => key);
          const bytes = keys.reduce((sum, key) => sum + Buffer.byteLength(source[key] ?? ''), 0);
          expect([outcome, verdict.outcomes[outcome]]).toEqual([outcome, tally(keys.length, bytes)]);
        }
        expect(accountedFor(verdict)).toEqual(
          tally(
            rows.length,
            rows.reduce((sum, row) => sum + row.sizeBytes, 0),
          ),
        );
        for (const finding of findings) {
          const { outcome, kind } = expected.get(finding.key) ?? expect.fail();
          expect([finding.key, finding.action]).toEqual([finding.key, outcome]);
          if (finding.action === 'exception') expect(finding.kind).toBe(kind);
        }
        const { copied, unchanged, exception, repair } = verdict.outcomes;
        expect(findings).toHaveLength(exception.objects + repair.objects);
        expect(verdict.provenByChecksum).toBe(copied.objects + unchanged.objects);
        expect(Object.values(verdict.exceptionKinds).reduce((sum, count) => sum + count, 0)).toBe(
          exception.objects,
        );
        expect(verdict.extra).toBe(Object.keys(there).filter((key) => !(key in source)).length);
        const unlike = [...expected].filter(
          ([, { outcome }]) => outcome === 'repair' || outcome === 'exception',
        );
        expect(verdict.missing).toBe(unlike.filter(([key]) => there[key] === undefined).length);
        expect(verdict.different).toBe(
          unlike.filter(
            ([key, { kind }]) =>
              there[key] !== undefined && !(kind === 'source-changed' && there[key] === now[key]),
          ).length,
        );
        expect(shards.reduce((sum, shard) => sum + shard.repaired, 0)).toBe(repair.objects);
      },
    ),
    { ...sameEveryRun, numRuns: 150 },
  );
});

test('what is verified is what the next run leaves alone, under any rules', async () => {
  const texts = fc.dictionary(closeKey(3), fc.constantFrom('x', 'y', 'zz'), { maxKeys: 20, size: 'max' });
  const rules = fc.constantFrom(
    [],
    [{ match: '**', rename: { prefix: 'a', to: 'b' } }],
    [
      { match: '**', rename: { prefix: 'a', to: '' } },
      { match: '*/*', rename: { prefix: 'b', to: 'c/' } },
    ],
  );
  await fc.assert(
    fc.asyncProperty(
      texts,
      texts,
      rules,
      fc.record({ pageSize: fc.integer({ min: 1, max: 5 }), shardRows: fc.integer({ min: 1, max: 8 }) }),
      async (source, before, rules, sizes) => {
        const request = { rules, destination: { prefix: 'p/' } };
        const scene = await aScene({ source, before }, request, sizes);
        const { verdict, findings } = await verifyAll(scene);
        for (const finding of findings)
          if (finding.action === 'repair')
            await putText(scene.destination, finding.file.to, source[finding.key] ?? '');
        const repaired = await verifyAll(scene, { round: 2 });
        expect(repaired.verdict.outcomes.repair).toEqual(none);
        expect(repaired.verdict.outcomes.exception).toEqual(verdict.outcomes.exception);
        const left = await textsOf(scene.destination);
        const again = await aScene({ source, before: left }, request, sizes);
        const { rows } = await verifyAll(again);
        expect(rows.filter(({ decision }) => decision === 'transfer')).toEqual([]);
      },
    ),
    { ...sameEveryRun, numRuns: 50 },
  );
});
