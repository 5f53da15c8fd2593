import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { RequestChanges } from '../../support/builders.ts';
import { putText, replacing } from '../../support/memory-buckets.ts';
import { aScene, verifyAll } from './verification-runs.ts';

const tally = (objects: number, bytes: number) => ({ objects, bytes });

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
