import { GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { toldEndpoint } from './told-endpoint.ts';

/** Where the SDK sends requests for a queue, and for which region it signs them. */
export type QueueAddress = { secure: boolean; host: string; path: string; signingRegion: string };

/** Where the SDK would send requests for this queue, by its own rules and without asking anybody; null = that cannot be told. */
export async function addressOfQueue(client: SQSClient, queueUrl: string): Promise<QueueAddress | null> {
  const command = new GetQueueAttributesCommand({ QueueUrl: queueUrl });
  const told = await toldEndpoint(command, (asks) => client.send(asks), 'queueUrlMiddleware');
  if (told === undefined) return null;
  const { url, properties } = told;
  return {
    secure: url.protocol === 'https:',
    host: url.host,
    path: `${url.pathname.replace(/\/$/, '')}/`,
    signingRegion: properties?.authSchemes?.[0]?.signingRegion ?? (await client.config.region()),
  };
}
