import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { memoryHere } from '../../containers/memory-here.ts';
import { fitMachine } from '../../core/transfer/fit-machine.ts';
import { hardKeys } from '../../local/demo/demo-objects.ts';
import { bodyOf, contentOf, type TwoBuckets, twoBuckets } from '../support/two-buckets.ts';

let buckets: TwoBuckets;
beforeEach(async () => {
  buckets = await twoBuckets();
});
afterEach(async () => {
  await buckets.close();
});

/** What rclone adds and cannot be told to leave out; see docs/fidelity.md. */
const ofRclone = ['mtime', 'btime'];

function withoutRclones(metadata: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(metadata).filter(([name]) => !ofRclone.includes(name)));
}

describe('a whole migration', { timeout: 120_000 }, () => {
  it('brings every hard key byte for byte under its own name', async () => {
    const keys = [
      ...hardKeys,
      'plain/a.txt',
      'größe/ñ.bin',
      'emoji-🐂',
      'a b+c&d=e?f',
      '~tilde',
      'dot.',
      'name ',
      'hard/dir/a/b/c',
    ];
    for (const key of keys) await buckets.put(key, `content of ${key}`);
    const { report, error } = await buckets.migrate();
    expect(error).toBeNull();
    expect(report?.status).toBe('SUCCEEDED');
    expect(await contentOf(buckets.to)).toEqual(await contentOf(buckets.from));
    expect(report?.outcomes.copied.objects).toBe(keys.length);
    expect(report?.listed.objects).toBe(keys.length);
    expect(report?.verification).toMatchObject({
      rounds: 1,
      verified: keys.length,
      provenByChecksum: keys.length,
      missing: 0,
      different: 0,
      extra: 0,
    });
  });

  it('brings headers, user metadata and tags along and invents none', async () => {
    const properties = {
      contentType: 'image/svg+xml',
      contentEncoding: 'gzip',
      contentLanguage: 'de-CH',
      contentDisposition: 'attachment; filename="q.svg"',
      cacheControl: 'max-age=60, private',
      metadata: { team: 'media', 'long-name.with_marks': 'a value, with "marks"' },
      tags: { 'cost centre': 'a+b/c', empty: '' },
    };
    for (const key of ['by/rclone', 'by//sdk']) await buckets.put(key, 'x', properties);
    for (const key of ['bare/rclone', 'bare//sdk']) await buckets.put(key, 'y');
    const { report } = await buckets.migrate();
    expect(report?.status).toBe('SUCCEEDED');
    for (const key of ['by/rclone', 'by//sdk', 'bare/rclone', 'bare//sdk']) {
      const [there, here] = [await buckets.to.head(key), await buckets.from.head(key)];
      if (there === null || here === null) throw new Error(`${key} is not there`);
      expect({ ...there, modifiedAtMs: 0, metadata: withoutRclones(there.metadata) }, key).toEqual({
        ...here,
        modifiedAtMs: 0,
      });
      expect(await buckets.to.tags(key), key).toEqual(await buckets.from.tags(key));
    }
  });

  it('shares the memory of this machine among the workers that it may have', async () => {
    await buckets.put('a', 'alpha');
    await buckets.migrate({ workers: 16 });
    const log = await readFile(join(buckets.out, 'logs/test/worker-1.log'), 'utf8');
    const lines = log.split('\n').filter((line) => line !== '');
    const started = lines.map((line) => JSON.parse(line)).find(({ event }) => event === 'worker-started');
    const bounds = fitMachine({ cores: 1, memoryBytes: Math.floor(memoryHere() / 16), filesInFlight: 16 });
    expect(started).toMatchObject(bounds);
  });

  it('copies nothing when it is run again over what is done', async () => {
    for (let n = 0; n < 30; n++) await buckets.put(`k${n}`, `v${n}`);
    await buckets.put('a//b', 'hard');
    await buckets.migrate();
    buckets.destination.requests.reset();
    buckets.source.requests.reset();
    const { report, folder } = await buckets.migrate();
    expect(folder).toBe('migrations/test/pass-2');
    expect(report?.status).toBe('SUCCEEDED');
    expect(report?.outcomes.unchanged.objects).toBe(31);
    expect(report?.outcomes.copied.objects).toBe(0);
    const puts = buckets.destination.requests.count('PutObject');
    expect(puts, 'only the probe is written').toBe(1);
    expect(buckets.source.requests.count('GetObject')).toBe(0);
  });

  it('says how many requests it made, as the servers counted them', async () => {
    for (let n = 0; n < 40; n++) await buckets.put(`k${n}`, `v${n}`);
    await buckets.put('a//b', 'hard');
    buckets.source.requests.reset();
    buckets.destination.requests.reset();
    const { report } = await buckets.migrate();
    expect(report?.requests.source).toEqual({ ...buckets.source.requests.snapshot().byOperation });
    expect(report?.requests.source).toMatchObject({ GetObject: 41, GetObjectTagging: 42 });
    const { ListMultipartUploads, DeleteObject, ...counted } =
      buckets.destination.requests.snapshot().byOperation;
    expect({ ListMultipartUploads, DeleteObject }, 'the tidying up comes after the count').toEqual({
      ListMultipartUploads: 1,
      DeleteObject: 2,
    });
    expect(report?.requests.destination).toEqual({ ...counted, DeleteObject: 1 });
  });

  it('reports an object deleted after listing as source-missing and one overwritten as source-changed, in its new version', async () => {
    for (let n = 0; n < 12; n++) await buckets.put(`k${n}`, `v${n}`);
    await buckets.put('gone', 'soon');
    await buckets.put('late', 'first');
    buckets.source.faults.errorRate = [{ operation: 'GetObject', status: 503, probability: 1 }];
    let touched: Promise<void> | null = null;
    const { report } = await buckets.migrate({
      during: ({ listingFinished }) => {
        if (!listingFinished || touched !== null) return;
        touched = (async () => {
          await buckets.from.delete('gone');
          await buckets.put('late', 'second version');
          buckets.source.faults.errorRate = [];
        })();
      },
    });
    expect(report?.status).toBe('FINISHED_WITH_EXCEPTIONS');
    expect(report?.exceptions.map(({ key, kind }) => ({ key, kind }))).toEqual([
      { key: 'gone', kind: 'source-missing' },
      { key: 'late', kind: 'source-changed' },
    ]);
    expect(report?.outcomes.copied.objects).toBe(12);
    expect(report?.outcomes.exception.objects).toBe(2);
    expect(await bodyOf(buckets.to, 'late')).toBe('second version');
    expect(await buckets.to.head('gone')).toBeNull();
  });

  it('selects, renames and labels by the request, and counts what is left out', async () => {
    Object.assign(buckets.request, {
      select: { exclude: ['tmp/**'], minBytes: 1 },
      rules: [
        {
          match: 'raw/**',
          rename: { prefix: 'raw/', to: 'video/' },
          metadata: { origin: 'ibm' },
          tags: { team: 'media' },
          storageClass: 'STANDARD_IA',
        },
      ],
    });
    buckets.request.destination = { ...buckets.request.destination, prefix: 'ibm/' };
    await buckets.put('raw/reel 1', 'reel', { tags: { team: 'old', kept: 'yes' } });
    await buckets.put('tmp/x', 'x');
    await buckets.put('empty', '');
    await buckets.put('plain', 'p');
    const { report } = await buckets.migrate();
    expect(report?.status).toBe('SUCCEEDED');
    expect([...(await contentOf(buckets.to)).keys()]).toEqual(['ibm/plain', 'ibm/video/reel 1']);
    const reel = await buckets.to.head('ibm/video/reel 1');
    expect(reel?.metadata['origin']).toBe('ibm');
    expect(reel?.storageClass).toBe('STANDARD_IA');
    expect(await buckets.to.tags('ibm/video/reel 1')).toEqual({ team: 'media', kept: 'yes' });
    expect(report?.outcomes.excluded.objects).toBe(2);
    expect(report?.verification.extra).toBe(0);
  });

  it('names objects that the source does not let it read, and arrives with the rest', async () => {
    for (let n = 0; n < 5; n++) await buckets.put(`open/${n}`, 'o');
    await buckets.put('shut/1', 's');
    await buckets.put('frozen', 'f', { storageClass: 'GLACIER' });
    buckets.source.faults.deny = [{ bucket: 'from-here', operation: 'GetObject', keyPrefix: 'shut/' }];
    const { report } = await buckets.migrate();
    expect(report?.status).toBe('FINISHED_WITH_EXCEPTIONS');
    expect(report?.exceptions.map(({ key, kind }) => ({ key, kind }))).toEqual([
      { key: 'frozen', kind: 'source-archived' },
      { key: 'shut/1', kind: 'source-denied' },
    ]);
    expect(report?.outcomes).toMatchObject({ copied: { objects: 5 }, exception: { objects: 2 } });
  });

  it('leaves the verdict to the destination: what vanishes there is copied again', async () => {
    for (let n = 0; n < 20; n++) await buckets.put(`k${n}`, `v${n}`);
    let stolen = false;
    const { report } = await buckets.migrate({
      pace: { pollMs: 400 },
      during: ({ copied }) => {
        if (copied.objects < 20 || stolen) return;
        stolen = true;
        void buckets.to.delete('k7');
      },
    });
    expect(stolen).toBe(true);
    expect(report?.status).toBe('SUCCEEDED');
    expect(report?.verification).toMatchObject({ rounds: 2, repaired: 1, verified: 20 });
    expect(await bodyOf(buckets.to, 'k7')).toBe('v7');
  });
});
