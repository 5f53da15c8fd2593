import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { expect, it } from 'vitest';
import { s3Client } from '../../adapters/aws/s3-client.ts';
import { S3JobStore } from '../../adapters/aws/s3-job-store.ts';
import { S3ObjectStore } from '../../adapters/aws/s3-object-store.ts';
import { compareKeys } from '../../core/keyspace/key-order.ts';
import { hardKeys } from '../conformance/hard-keys.ts';
import { jobStoreConformance } from '../conformance/job-store.ts';
import { objectListingConformance } from '../conformance/object-listing.ts';
import { collected, objectStoreConformance } from '../conformance/object-store.ts';
import { motoQuirks } from './known-quirks.ts';
import { describeOnMoto, motoAccount, startMoto } from './moto-server.ts';

const mebibyte = 1024 * 1024;

async function openBucket() {
  const server = await startMoto();
  const connection = { provider: 'AWS', bucket: 'examined', endpoint: server.endpoint, ...motoAccount };
  const { client } = s3Client(connection);
  await client.send(new CreateBucketCommand({ Bucket: connection.bucket }));
  client.destroy();
  return { connection, stop: server.stop };
}

async function openObjects(listing: 'v1' | 'v2') {
  const { connection, stop } = await openBucket();
  const store = new S3ObjectStore(connection, {
    listing,
    partsAboveBytes: 6 * mebibyte,
    partBytes: 5 * mebibyte,
  });
  const close = async () => {
    store.close();
    await stop();
  };
  return { store, largeBytes: 11 * mebibyte + 3, close };
}

/** moto's routes end at a line break; every other hard key is kept. */
const withoutLineBreaks = hardKeys.filter((key) => !key.includes('\n'));

describeOnMoto('buckets on moto', () => {
  motoQuirks({
    'keeps every hard key byte for byte through put, list, head, get and delete':
      'knows no line break in a key',
    'keeps the tags of an object under every hard key': 'knows no line break in a key',
    'goes through all hard keys in byte order, page by page': 'knows no line break in a key',
    'takes a streamed body and checks its MD5': 'checks no MD5',
    'refuses a key of more than 1,024 bytes for good': 'takes keys of any length',
  });

  it('keep every hard key without a line break, with its tags, in byte order', async () => {
    const { store, close } = await openObjects('v2');
    for (const key of withoutLineBreaks) {
      const body = Buffer.from(`content of ${key}`);
      await store.put(key, body, body.byteLength, { tags: { 'a b': 'c+d/é=' } });
    }
    const listed = await store.listPage({ prefix: '', startAfter: null });
    expect(listed.objects.map(({ key }) => key)).toEqual([...withoutLineBreaks].sort(compareKeys));
    for (const key of withoutLineBreaks) {
      const found = await store.get(key);
      expect(Buffer.concat(await collected(found?.body ?? nothing())).toString()).toBe(`content of ${key}`);
      expect(await store.tags(key), JSON.stringify(key)).toEqual({ 'a b': 'c+d/é=' });
      await store.delete(key);
    }
    expect(await store.listPage({ prefix: '', startAfter: null })).toEqual({ objects: [], more: false });
    await close();
  });

  objectStoreConformance('S3 of moto', () => openObjects('v2'));
  objectListingConformance('S3 of moto', () => openObjects('v2'));
  objectListingConformance('S3 of moto by markers', () => openObjects('v1'));
  jobStoreConformance('S3 of moto', async () => {
    const { connection, stop } = await openBucket();
    const store = new S3JobStore(connection);
    const close = async () => {
      store.close();
      await stop();
    };
    return { store, addressPrefix: 's3://examined/', close };
  });
});

async function* nothing(): AsyncGenerator<Uint8Array> {}
