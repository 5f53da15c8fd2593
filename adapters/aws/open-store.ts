import type { BucketLocation } from '../../core/batching/batch.ts';
import type { ObjectStore, Secrets } from '../../core/ports.ts';
import { resolveConnection } from './resolve-connection.ts';
import { S3ObjectStore, type S3ObjectStoreOptions } from './s3-object-store.ts';

/** Opens buckets with the credentials as they are at that moment. The caller closes what it opened. */
export function storeOpener(secrets: Secrets, defaults: S3ObjectStoreOptions = {}) {
  return async (location: BucketLocation, options: S3ObjectStoreOptions = {}): Promise<ObjectStore> =>
    new S3ObjectStore(await resolveConnection(location, secrets, { fresh: true }), {
      ...defaults,
      ...options,
    });
}
