import { describe, it } from 'vitest';
import { z } from 'zod';
import { type Quirk, s3ServerSuite } from '../../conformance/s3-server.ts';

const ENDPOINT = process.env.DROVER_S3_ENDPOINT;

const environment = z.object({
  DROVER_S3_ENDPOINT: z.url(),
  DROVER_S3_ACCESS_KEY_ID: z.string().min(1),
  DROVER_S3_SECRET_ACCESS_KEY: z.string().min(1),
  DROVER_S3_REGION: z.string().default('us-east-1'),
  /** Names from `Quirk`, separated by commas. */
  DROVER_S3_QUIRKS: z.string().default(''),
});

if (ENDPOINT === undefined) {
  describe.skip('another S3 server', () => {
    it('is judged when DROVER_S3_ENDPOINT, _ACCESS_KEY_ID and _SECRET_ACCESS_KEY name one on loopback', () => {});
  });
} else {
  s3ServerSuite(`the S3 server at ${ENDPOINT}`, async () => {
    const env = environment.parse(process.env);
    return {
      endpoint: env.DROVER_S3_ENDPOINT,
      accessKeyId: env.DROVER_S3_ACCESS_KEY_ID,
      secretAccessKey: env.DROVER_S3_SECRET_ACCESS_KEY,
      region: env.DROVER_S3_REGION,
      bucketPrefix: `drover-${Date.now().toString(36)}`,
      quirks: env.DROVER_S3_QUIRKS.split(',').filter((name): name is Quirk => name !== ''),
      stop: async () => {},
    };
  });
}
