import { Readable } from 'node:stream';
import {
  GetObjectTaggingCommand,
  type GetObjectTaggingCommandOutput,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  S3Client,
} from '@aws-sdk/client-s3';
import { silentLogger } from './silent-logger.ts';

// The SDK's XML parser knows every way of writing an answer. Nothing is sent here.

/** Reads the answer to a ListObjectsV2. Rejects with what the SDK throws for an answer that is no listing. */
export function listingBySdk(body: Uint8Array): Promise<ListObjectsV2CommandOutput> {
  return answeredWith(body, (client) => client.send(new ListObjectsV2Command({ Bucket: 'read' })));
}

/** Reads the answer to a GetObjectTagging. Rejects with what the SDK throws for an answer that is none. */
export function taggingBySdk(body: Uint8Array): Promise<GetObjectTaggingCommandOutput> {
  return answeredWith(body, (client) =>
    client.send(new GetObjectTaggingCommand({ Bucket: 'read', Key: 'read' })),
  );
}

async function answeredWith<Output>(
  body: Uint8Array,
  ask: (client: S3Client) => Promise<Output>,
): Promise<Output> {
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
    return await ask(client);
  } finally {
    client.destroy();
  }
}
