import { z } from 'zod';
import { readEnvironment, stackEnvironment } from '../adapters/aws/stack-environment.ts';
import { jobLayout } from '../core/job-layout.ts';
import type { StepSettings } from './step.ts';

/**
 * The ports of a deployed stack, each opened from the environment at its first use and kept between invocations.
 * A step imports the ones it needs and no other: modules are loaded when a port is opened, and a bundler leaves
 * out the SDK clients of ports that nobody imports. An environment that does not fit fails the opening by name.
 */
function once<Port>(open: () => Promise<Port>): () => Promise<Port> {
  let opened: Promise<Port> | undefined;
  return () => {
    opened ??= open().catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    return opened;
  };
}

const { AWS_REGION, JOB_STORE, QUEUE_URL, QUEUE_REGION, SECRET_PREFIX, WORKER_GROUP, LISTER_CLUSTER } =
  stackEnvironment;

/** Time. */
export const clock = /* @__PURE__ */ once(async () => {
  const { systemClock } = await import('../adapters/system-clock.ts');
  return systemClock;
});

/** The job store's bucket. */
export const jobStore = /* @__PURE__ */ once(async () => {
  const environment = readEnvironment(z.object({ AWS_REGION, JOB_STORE }), process.env);
  const { S3JobStore } = await import('../adapters/aws/s3-job-store.ts');
  return new S3JobStore({
    provider: 'AWS',
    bucket: environment.JOB_STORE.slice('s3://'.length),
    region: environment.AWS_REGION,
    endpoint: null,
    credentials: null,
  });
});

/** The queue of batches. */
export const queue = /* @__PURE__ */ once(async () => {
  const environment = readEnvironment(z.object({ AWS_REGION, QUEUE_URL, QUEUE_REGION }), process.env);
  const { SqsWorkQueue } = await import('../adapters/aws/sqs-work-queue.ts');
  const region = environment.QUEUE_REGION ?? environment.AWS_REGION;
  return new SqsWorkQueue({ queueUrl: environment.QUEUE_URL, region }, await clock());
});

/** Secret values. */
export const secrets = /* @__PURE__ */ once(async () => {
  const environment = readEnvironment(z.object({ AWS_REGION, SECRET_PREFIX }), process.env);
  const { StoredSecrets } = await import('../adapters/aws/stored-secrets.ts');
  return new StoredSecrets({ region: environment.AWS_REGION }, environment.SECRET_PREFIX, await clock());
});

/** Opens buckets with the secrets as they are then. */
export const openStore = /* @__PURE__ */ once(async () => {
  const { storeOpener } = await import('../adapters/aws/open-store.ts');
  return storeOpener(await secrets());
});

/** The workers' Auto Scaling group. */
export const fleet = /* @__PURE__ */ once(async () => {
  const environment = readEnvironment(z.object({ AWS_REGION, WORKER_GROUP }), process.env);
  const { AutoScalingFleet } = await import('../adapters/aws/auto-scaling-fleet.ts');
  return new AutoScalingFleet({ region: environment.AWS_REGION }, environment.WORKER_GROUP);
});

/** The listers' tasks. */
export const listers = /* @__PURE__ */ once(async () => {
  const environment = readEnvironment(z.object({ AWS_REGION, LISTER_CLUSTER }), process.env);
  const { EcsListers } = await import('../adapters/aws/ecs-listers.ts');
  return new EcsListers({ region: environment.AWS_REGION }, environment.LISTER_CLUSTER);
});

/** The path that an execution took. */
export const history = /* @__PURE__ */ once(async () => {
  const environment = readEnvironment(z.object({ AWS_REGION }), process.env);
  const { StepFunctionsHistory } = await import('../adapters/aws/execution-history.ts');
  return new StepFunctionsHistory({ region: environment.AWS_REGION });
});

/**
 * Patience on AWS, in seconds: half an hour without a change is announced, twelve hours end the migration. Workers
 * get ten minutes to go, which leaves Clean up a third of its Lambda's fifteen.
 */
export const settings = async (): Promise<StepSettings> => ({
  stallAnnounceSeconds: 1800,
  stallFailSeconds: 43_200,
  emptyReads: 3,
  fleetStopSeconds: 600,
  stackHolder: jobLayout.stackHolder,
});
