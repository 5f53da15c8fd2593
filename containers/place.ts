import { z } from 'zod';
import { storeOpener } from '../adapters/aws/open-store.ts';
import type { S3ObjectStoreOptions } from '../adapters/aws/s3-object-store.ts';
import { localQueue, SqsWorkQueue } from '../adapters/aws/sqs-work-queue.ts';
import { DiskJobStore } from '../adapters/disk/job-store.ts';
import { SecretsFile } from '../adapters/disk/secrets-file.ts';
import { systemClock } from '../adapters/system-clock.ts';
import { logLines } from './log-lines.ts';

/** The environment that says where a container runs. */
export const PlaceEnvironment = z.object({
  /** The job store: `disk:` and a folder. */
  JOB_STORE: z.string().regex(/^disk:./, 'must be "disk:" and a folder'),
  QUEUE_URL: z.url(),
  /** Where SQS is answered; left out = Amazon SQS. */
  QUEUE_ENDPOINT: z.url().optional(),
  QUEUE_REGION: z.string().default('us-east-1'),
  /** A file of secrets that only its owner can read. */
  SECRETS_FILE: z.string().min(1),
});

/** The ports of the place that the environment names. */
export function openPlace(environment: z.infer<typeof PlaceEnvironment>, stores: S3ObjectStoreOptions = {}) {
  const { JOB_STORE, QUEUE_URL, QUEUE_ENDPOINT, QUEUE_REGION, SECRETS_FILE } = environment;
  const secrets = new SecretsFile(SECRETS_FILE);
  const local = QUEUE_ENDPOINT === undefined ? {} : { ...localQueue, endpoint: QUEUE_ENDPOINT };
  return {
    jobStore: new DiskJobStore(JOB_STORE.slice('disk:'.length)),
    queue: new SqsWorkQueue({ queueUrl: QUEUE_URL, region: QUEUE_REGION, ...local }, systemClock),
    secrets,
    clock: systemClock,
    log: logLines,
    openStore: storeOpener(secrets, stores),
  };
}

/** Reads the environment strictly; throws one line per variable that is missing or wrong. */
export function readEnvironment<Schema extends z.ZodType>(
  schema: Schema,
  environment: NodeJS.ProcessEnv,
): z.output<Schema> {
  const parsed = schema.safeParse(environment);
  if (parsed.success) return parsed.data;
  throw new Error(parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('\n'));
}
