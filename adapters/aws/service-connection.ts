import { NodeHttpHandler } from '@smithy/node-http-handler';
import { silentLogger } from './silent-logger.ts';

/** Where an AWS service is answered. Without `credentials` the default AWS chain is used; without `endpoint` AWS itself. */
export type ServiceConnection = {
  region: string;
  endpoint?: string;
  credentials?: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
};

/** What every SDK client of a control service is made with: bounded time-outs, retries, and nothing printed. */
export function clientOptions({ region, endpoint, credentials }: ServiceConnection) {
  return {
    region,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials }),
    logger: silentLogger,
    maxAttempts: 5,
    retryMode: 'standard',
    requestHandler: new NodeHttpHandler({
      connectionTimeout: 5_000,
      socketTimeout: 20_000,
      logger: silentLogger,
    }),
  };
}
