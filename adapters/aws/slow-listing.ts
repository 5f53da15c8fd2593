import { Readable } from 'node:stream';
import { ListObjectsV2Command, type ListObjectsV2CommandOutput, S3Client } from '@aws-sdk/client-s3';
import { silentLogger } from './silent-logger.ts';

/**
 * Reads the answer to a ListObjectsV2 by the SDK's XML parser, which knows every way of writing it. Nothing is sent. Rejects
 * with what the SDK throws for an answer that is no listing.
 */
export async function readSlowly(body: Uint8Array): Promise<ListObjectsV2CommandOutput> {
  const client = new S3Client({
    region: 'us-east-1',
    endpoint: 'http://nowhere.invalid',
    forcePathStyle: true,
    credentials: { accessKeyId: 'none', secretAccessKey: 'none' },
    logger: silentLogger,
    maxAttempts: 1,
    requestHandler: {
      handle: async () => ({ response: { statusCode: 200, headers: {}, body: Readable.from([body]) } }),
    },
  });
  try {
    return await client.send(new ListObjectsV2Command({ Bucket: 'read' }));
  } finally {
    client.destroy();
  }
}
