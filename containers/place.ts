import { z } from 'zod';
import { storeOpener } from '../adapters/aws/open-store.ts';
import { openWorkQueue } from '../adapters/aws/open-work-queue.ts';
import { S3JobStore } from '../adapters/aws/s3-job-store.ts';
import type { S3ObjectStoreOptions } from '../adapters/aws/s3-object-store.ts';
import { localQueue } from '../adapters/aws/sqs-work-queue.ts';
import { readEnvironment } from '../adapters/aws/stack-environment.ts';
import { StoredSecrets } from '../adapters/aws/stored-secrets.ts';
import { DiskJobStore } from '../adapters/disk/job-store.ts';
import { SecretsFile } from '../adapters/disk/secrets-file.ts';
import { systemClock } from '../adapters/system-clock.ts';
import type { JobStore, Secrets } from '../core/ports.ts';
import { logLines } from './log-lines.ts';

export { readEnvironment };

/** The environment that says where a container runs: on AWS, or on one machine. */
export const PlaceEnvironment = z.object({
  /** The job store: `s3://` and a bucket, or `disk:` and a folder. */
  JOB_STORE: z
    .string()
    .regex(/^(s3:\/\/[^/]+|disk:.+)$/, 'must be "s3://" and a bucket, or "disk:" and a folder'),
  QUEUE_URL: z.url(),
  /** The FIFO queue of the hash strategy; left out = this place has none. */
  FIFO_QUEUE_URL: z.url().optional(),
  /** Where SQS is answered; left out = Amazon SQS, with the AWS credentials of this place. */
  QUEUE_ENDPOINT: z.url().optional(),
  QUEUE_REGION: z.string().min(1).optional(),
  /** Set by AWS in every task, and by user data on an instance. */
  AWS_REGION: z.string().min(1).default('us-east-1'),
  /** Secrets are in AWS Secrets Manager, under this prefix and their name; may be empty. */
  SECRET_PREFIX: z.string().optional(),
  /** Secrets are in a file that only its owner can read. */
  SECRETS_FILE: z.string().min(1).optional(),
});
export type PlaceEnvironment = z.infer<typeof PlaceEnvironment>;

/** The ports of the place that the environment names. Throws when it names no place for the secrets, or two. */
export function openPlace(environment: PlaceEnvironment, stores: S3ObjectStoreOptions = {}) {
  const { QUEUE_URL, FIFO_QUEUE_URL, QUEUE_ENDPOINT, QUEUE_REGION, AWS_REGION } = environment;
  const secrets = openSecrets(environment);
  const local = QUEUE_ENDPOINT === undefined ? {} : { ...localQueue, endpoint: QUEUE_ENDPOINT };
  return {
    jobStore: openJobStore(environment),
    queue: openWorkQueue(
      { queueUrl: QUEUE_URL, fifoQueueUrl: FIFO_QUEUE_URL, region: QUEUE_REGION ?? AWS_REGION, ...local },
      systemClock,
    ),
    secrets,
    clock: systemClock,
    log: logLines,
    openStore: storeOpener(secrets, stores),
  };
}

/** The job store that the environment names. */
export function openJobStore({
  JOB_STORE,
  AWS_REGION,
}: Pick<PlaceEnvironment, 'JOB_STORE' | 'AWS_REGION'>): JobStore {
  if (JOB_STORE.startsWith('disk:')) return new DiskJobStore(JOB_STORE.slice('disk:'.length));
  const bucket = JOB_STORE.slice('s3://'.length);
  return new S3JobStore({ provider: 'AWS', bucket, region: AWS_REGION, endpoint: null, credentials: null });
}

function openSecrets({ SECRETS_FILE, SECRET_PREFIX, AWS_REGION }: PlaceEnvironment): Secrets {
  if (SECRETS_FILE !== undefined && SECRET_PREFIX === undefined) return new SecretsFile(SECRETS_FILE);
  if (SECRET_PREFIX !== undefined && SECRETS_FILE === undefined)
    return new StoredSecrets({ region: AWS_REGION }, SECRET_PREFIX, systemClock);
  throw new Error(
    'SECRET_PREFIX (secrets in AWS Secrets Manager) or SECRETS_FILE (secrets in a file): set one of them, and only one',
  );
}
