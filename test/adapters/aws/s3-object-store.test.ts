import { S3ObjectStore } from '../../../adapters/aws/s3-object-store.ts';
import { startS3Server } from '../../../local/s3-server/s3-server.ts';
import { objectStoreConformance } from '../../conformance/object-store.ts';

const mebibyte = 1024 * 1024;
const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret/with+signs' };

for (const listing of ['v2', 'v1'] as const) {
  objectStoreConformance(`Amazon S3 listed by ${listing}`, async () => {
    const server = await startS3Server({
      buckets: ['examined'],
      credentials: { [credentials.accessKeyId]: credentials.secretAccessKey },
    });
    const connection = {
      provider: 'AWS',
      bucket: 'examined',
      region: 'us-east-1',
      endpoint: server.endpoint,
      credentials,
    };
    const store = new S3ObjectStore(connection, {
      listing,
      partsAboveBytes: 6 * mebibyte,
      partBytes: 5 * mebibyte,
    });
    return {
      store,
      largeBytes: 11 * mebibyte + 3,
      close: async () => {
        store.close();
        await server.stop();
      },
    };
  });
}
