import { afterEach } from 'vitest';
import { S3ObjectStore } from '../../adapters/aws/s3-object-store.ts';
import type { ListingWay } from '../../core/ports.ts';

/** Gives what opens the bucket `held` of a server, without a second try; whatever it opened is closed after each test. */
export function openedStores() {
  const stores: S3ObjectStore[] = [];
  afterEach(() => {
    for (const store of stores.splice(0)) store.close();
  });
  return (endpoint: string, options: { provider?: string; listing?: ListingWay } = {}): S3ObjectStore => {
    const { provider = 'Other', ...rest } = options;
    const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };
    const connection = { provider, bucket: 'held', region: 'us-east-1', endpoint, credentials };
    const store = new S3ObjectStore(connection, { maxAttempts: 1, ...rest });
    stores.push(store);
    return store;
  };
}
