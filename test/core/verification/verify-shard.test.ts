import { describe, expect, test } from 'vitest';
import { StoreError } from '../../../core/store-error.ts';
import { putText, replacing } from '../../support/memory-buckets.ts';
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
