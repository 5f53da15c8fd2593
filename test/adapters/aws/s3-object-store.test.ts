import { S3ObjectStore } from '../../../adapters/aws/s3-object-store.ts';
import { startS3Server } from '../../../local/s3-server/s3-server.ts';
import { objectListingConformance } from '../../conformance/object-listing.ts';
import { objectStoreConformance } from '../../conformance/object-store.ts';

const mebibyte = 1024 * 1024;
const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret/with+signs' };

async function openListedBy(listing: 'v1' | 'v2', sdkOnly = false) {
  const server = await startS3Server({
    buckets: ['examined'],
    credentials: { [credentials.accessKeyId]: credentials.secretAccessKey },
  });
  const store = new S3ObjectStore(
    { provider: 'AWS', bucket: 'examined', region: 'us-east-1', endpoint: server.endpoint, credentials },
    { listing, sdkOnly, partsAboveBytes: 6 * mebibyte, partBytes: 5 * mebibyte },
  );
  return {
    store,
    largeBytes: 11 * mebibyte + 3,
    close: async () => {
      store.close();
      await server.stop();
    },
  };
}

objectStoreConformance('Amazon S3', () => openListedBy('v2'));
objectStoreConformance('Amazon S3 by the SDK alone', () => openListedBy('v2', true));
objectListingConformance('Amazon S3', () => openListedBy('v2'));
objectListingConformance('Amazon S3 by markers', () => openListedBy('v1'));
objectListingConformance('Amazon S3 by the SDK alone', () => openListedBy('v2', true));
