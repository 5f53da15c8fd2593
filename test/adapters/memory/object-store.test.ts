import { expect, it } from 'vitest';
import { MemoryObjectStore } from '../../../adapters/memory/object-store.ts';
import { systemClock } from '../../../adapters/system-clock.ts';
import { StoreError } from '../../../core/store-error.ts';
import { objectListingConformance } from '../../conformance/object-listing.ts';
import { collected, objectStoreConformance } from '../../conformance/object-store.ts';
import { partUploadsConformance } from '../../conformance/part-uploads.ts';

const open = async () => ({
  store: new MemoryObjectStore(systemClock),
  largeBytes: 200_000,
  close: async () => undefined,
});

objectStoreConformance('memory', open);
partUploadsConformance('memory', open);
objectListingConformance('a bucket in memory', open);

it('fails as often as told, for the key it was told', async () => {
  const store = new MemoryObjectStore(systemClock);
  const slowDown = new StoreError('throttled', 'SlowDown: please reduce your rate', {
    code: 'SlowDown',
    status: 503,
  });
  store.failNext('HeadObject', slowDown, { key: 'b', times: 2 });
  expect(await store.head('a')).toBeNull();
  await expect(store.head('b')).rejects.toBe(slowDown);
  await expect(store.head('b')).rejects.toBe(slowDown);
  expect(await store.head('b')).toBeNull();
  expect(store.requestsMade()).toEqual({ HeadObject: 4 });
});

it('hands out the uploads that a test left unfinished until they are aborted', async () => {
  const store = new MemoryObjectStore(systemClock);
  const upload = store.beginUpload('p/a');
  store.beginUpload('q/b');
  expect(await collected(store.unfinishedUploads('p/'))).toEqual([upload]);
  await store.abortUpload(upload);
  await store.abortUpload(upload);
  expect(await collected(store.unfinishedUploads(''))).toHaveLength(1);
});
