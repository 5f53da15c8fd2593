import { GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';

/** Where the SDK sends requests for a queue, and for which region it signs them. */
export type QueueAddress = { secure: boolean; host: string; path: string; signingRegion: string };

type Told = { url: URL; properties?: { authSchemes?: { signingRegion?: string }[] } };

/** Ends a command before anything is sent, or counted. */
class Asked extends Error {
  override readonly name = 'Asked';
}

/** Where the SDK would send requests for this queue, by its own rules and without asking anybody; null = that cannot be told. */
export async function addressOfQueue(client: SQSClient, queueUrl: string): Promise<QueueAddress | null> {
  let told: Told | undefined;
  const command = new GetQueueAttributesCommand({ QueueUrl: queueUrl });
  command.middlewareStack.addRelativeTo(
    (_next: unknown, context: { endpointV2?: Told }) => async (): Promise<never> => {
      told = context.endpointV2;
      throw new Asked();
    },
    { name: 'askAddress', relation: 'after', toMiddleware: 'queueUrlMiddleware' },
  );
  await client.send(command).catch((error: unknown) => {
    if (!(error instanceof Asked)) throw error;
  });
  if (told === undefined) return null;
  const { url, properties } = told;
  return {
    secure: url.protocol === 'https:',
    host: url.host,
    path: `${url.pathname.replace(/\/$/, '')}/`,
    signingRegion: properties?.authSchemes?.[0]?.signingRegion ?? (await client.config.region()),
  };
}
