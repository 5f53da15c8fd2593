import { S3ObjectStore } from '../../../adapters/aws/s3-object-store.ts';
import { startS3Server } from '../../../local/s3-server/s3-server.ts';
import { partUploadsConformance } from '../../conformance/part-uploads.ts';

partUploadsConformance('S3', async () => {
  const server = await startS3Server({ buckets: ['held'], credentials: { a: 'b' }, minimumPartBytes: 1 });
  const store = new S3ObjectStore(
    {
      provider: 'AWS',
      bucket: 'held',
      region: 'us-east-1',
      endpoint: server.endpoint,
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    },
    { maxAttempts: 1 },
  );
  return {
    store,
    close: async () => {
      store.close();
      await server.stop();
    },
  };
});
