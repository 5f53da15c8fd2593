import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DiskJobStore } from '../../adapters/disk/job-store.ts';
import { readOwnInventory, readS3Inventory } from '../../containers/lister/read-inventory.ts';
import { isS3Request, parseRequest } from '../../core/request.ts';
import { contentOf, type TwoBuckets, twoBuckets } from '../support/two-buckets.ts';

let buckets: TwoBuckets;
beforeEach(async () => {
  buckets = await twoBuckets();
});
afterEach(() => buckets.close());

const columns =
  'Bucket, Key, VersionId, IsLatest, IsDeleteMarker, Size, LastModifiedDate, ETag, StorageClass';
const quoted = (fields: readonly string[]): string =>
  fields.map((field) => `"${field.replaceAll('"', '""')}"`).join(',');
const encoded = (key: string): string =>
  encodeURIComponent(key).replaceAll('%20', '+').replaceAll('%2F', '/');

/** The lines of every object of the source, as S3 writes them, in no order. */
async function linesOfSource(): Promise<string[]> {
  const { objects } = await buckets.from.listPage({ prefix: '', startAfter: null });
  return objects
    .filter(({ key }) => !key.startsWith('inventory/'))
    .map(({ key, sizeBytes, modifiedAtMs, etag }) =>
      quoted([
        'from-here',
        encoded(key),
        'v1',
        'true',
        'false',
        `${sizeBytes}`,
        new Date(modifiedAtMs).toISOString(),
        etag ?? '',
        'STANDARD',
      ]),
    )
    .reverse();
}

async function putInventory(files: readonly (readonly string[])[], changes: object = {}): Promise<void> {
  const listed = [];
  for (const [index, lines] of files.entries()) {
    const key = `inventory/data/${index}.csv.gz`;
    const bytes = gzipSync(`${lines.join('\n')}\n`);
    await buckets.put(key, bytes);
    listed.push({ key, size: bytes.length, MD5checksum: createHash('md5').update(bytes).digest('hex') });
  }
  const manifest = {
    sourceBucket: 'from-here',
    destinationBucket: 'arn:aws:s3:::from-here',
    version: '2016-11-30',
    fileFormat: 'CSV',
    fileSchema: columns,
    files: listed,
    ...changes,
  };
  await buckets.put('inventory/manifest.json', JSON.stringify(manifest));
}

const keys = ['a', 'a b+c', 'größe/🐂', '"quoted",', 'per%cent', 'w//double', 'z/deep/er', 'line\nbreak'];

describe('a migration by an inventory', { timeout: 120_000 }, () => {
  it('of S3 moves what the inventory names, in whichever order, and does not list the bucket', async () => {
    for (const key of keys) await buckets.put(key, `content of ${key}`);
    const lines = await linesOfSource();
    const time = '2020-01-01T00:00:00.000Z';
    const old = quoted(['from-here', 'a', 'v0', 'false', 'false', '3', time, 'x', 'STANDARD']);
    const deleted = quoted(['from-here', 'deleted', 'v9', 'true', 'true', '', time, '', '']);
    await putInventory([lines.slice(0, 3), [old, deleted, ...lines.slice(3)]]);
    await buckets.put('not/in/the inventory', 'x');
    Object.assign(buckets.request.source, { inventory: 's3://from-here/inventory/manifest.json' });
    buckets.source.requests.reset();
    const { report, error } = await buckets.migrate();
    expect(error).toBeNull();
    expect(report?.exceptions).toEqual([]);
    expect(report?.status).toBe('SUCCEEDED');
    expect([...(await contentOf(buckets.to)).keys()].sort()).toEqual([...keys].sort());
    expect(report?.verification).toMatchObject({ provenByChecksum: keys.length });
    expect(buckets.source.requests.count('ListObjectsV2'), 'those of the preflight').toBe(3);
  });

  it.each([
    ['another bucket', { sourceBucket: 'elsewhere' }, 'InvalidRequest', '"elsewhere"'],
    ['another format', { fileFormat: 'ORC' }, 'InvalidRequest', 'ORC'],
    ['no sizes', { fileSchema: 'Bucket, Key' }, 'InvalidRequest', 'column Size'],
    [
      'other columns than it says',
      { fileSchema: 'Bucket, Key, Size, LastModifiedDate' },
      'ListingFailed',
      'fields',
    ],
    ['a file that is not there', { files: [{ key: 'inventory/none.csv' }] }, 'ListingFailed', 'not there'],
    [
      'a file that changed',
      { files: [{ key: 'inventory/data/0.csv.gz', MD5checksum: 'beef' }] },
      'ListingFailed',
      'MD5',
    ],
    ['a file that is no gzip', { files: [{ key: 'a.gz' }] }, 'ListingFailed', 'cannot be read'],
  ])('of S3 with %s is refused by name', async (_, changes, name, words) => {
    await buckets.put('a.gz', 'no gzip');
    await putInventory([await linesOfSource()], changes);
    const read = readS3Inventory('inventory/manifest.json', 'from-here', buckets.from);
    await expect(Array.fromAsync(read)).rejects.toMatchObject({
      name,
      message: expect.stringContaining(words),
    });
  });

  it('that cannot be used ends the migration in the words of why', async () => {
    await putInventory([await linesOfSource()], { fileFormat: 'Parquet' });
    Object.assign(buckets.request.source, { inventory: 's3://from-here/inventory/manifest.json' });
    const { report } = await buckets.migrate();
    expect(report?.error).toMatchObject({
      name: 'InvalidRequest',
      message: expect.stringContaining('the format Parquet, which is not read'),
    });
  });

  it('of an earlier migration moves what that one listed, to another place', async () => {
    for (const key of keys) await buckets.put(key, `content of ${key}`);
    Object.assign(buckets.request, { select: { include: ['a'] } });
    await buckets.migrate({ migration: 'first' });
    await buckets.put('later', 'x');
    Object.assign(buckets.request, { select: {} });
    Object.assign(buckets.request.source, { inventory: 'migrations/first' });
    buckets.request.destination.prefix = 'copy/';
    const { report } = await buckets.migrate({ migration: 'second' });
    expect(report?.status).toBe('SUCCEEDED');
    expect(report?.outcomes.copied.objects).toBe(keys.length);
    const jobStore = new DiskJobStore(buckets.out);
    const refused: [string, object, string][] = [
      ['migrations/never', { bucket: 'from-here' }, 'no listing came to its end'],
      ['migrations/first', { bucket: 'from-there' }, 'another source'],
    ];
    for (const [folder, source, words] of refused) {
      const request = parseRequest({ source, destination: { bucket: 'to-there' } });
      if (!isS3Request(request)) throw new TypeError('the source is a bucket');
      await expect(Array.fromAsync(readOwnInventory(folder, request, jobStore))).rejects.toMatchObject({
        name: 'InvalidRequest',
        message: expect.stringContaining(words),
      });
    }
  });
});
