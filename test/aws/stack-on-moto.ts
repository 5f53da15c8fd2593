import {
  AutoScalingClient,
  CreateAutoScalingGroupCommand,
  CreateLaunchConfigurationCommand,
} from '@aws-sdk/client-auto-scaling';
import { CreateClusterCommand, ECSClient, RegisterTaskDefinitionCommand } from '@aws-sdk/client-ecs';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { CreateStateMachineCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { motoAccount } from './moto-server.ts';

/** Names of what the stack consists of; where AWS lets them, the template's logical ids. */
export const stackNames = {
  jobStore: 'job-store-bucket',
  source: 'source-bucket',
  destination: 'destination-bucket',
  queue: 'WorkQueue',
  group: 'WorkerGroup',
  cluster: 'ListerCluster',
  machine: 'MigrateStateMachine',
  prefix: '/drover/test',
} as const;

/** The logical ids of resources that cannot be called so. */
const logicalIds: Readonly<Record<string, string>> = {
  [stackNames.jobStore]: 'JobStoreBucket',
  [stackNames.destination]: 'DestinationBucket',
  [`${stackNames.prefix}/migration/source_access_key`]: 'SourceAccessKeySecret',
  [`${stackNames.prefix}/migration/source_secret_key`]: 'SourceSecretKeySecret',
  [`${stackNames.prefix}/migration/source_endpoint`]: 'SourceEndpointSecret',
};

/** A resource by its logical id. */
export function logicalResource(resource: string): string {
  const [, name = '', rest = ''] = /^(.*?)(\/\*)?$/.exec(resource) ?? [];
  return `${logicalIds[name] ?? name}${rest}`;
}

/** Creates at `endpoint` what the template creates on AWS, and fills the secrets as an operator does. */
export async function createStack(endpoint: string, migration: string, secretValues: Record<string, string>) {
  const account = { ...motoAccount, endpoint };
  const { jobStore, source, destination, queue, group, cluster, machine, prefix } = stackNames;
  const s3 = new S3Client({ ...account, forcePathStyle: true });
  for (const Bucket of [jobStore, source, destination]) await s3.send(new CreateBucketCommand({ Bucket }));
  const sqs = new SQSClient(account);
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: queue }));
  const secrets = new SecretsManagerClient(account);
  for (const [name, SecretString] of Object.entries(secretValues))
    await secrets.send(new CreateSecretCommand({ Name: `${prefix}${name}`, SecretString }));
  const scaling = new AutoScalingClient(account);
  const LaunchConfigurationName = 'worker';
  const ImageId = 'ami-12c6146b';
  await scaling.send(
    new CreateLaunchConfigurationCommand({ LaunchConfigurationName, ImageId, InstanceType: 'c7gn.large' }),
  );
  await scaling.send(
    new CreateAutoScalingGroupCommand({
      AutoScalingGroupName: group,
      LaunchConfigurationName,
      AvailabilityZones: ['us-east-1a'],
      NewInstancesProtectedFromScaleIn: true,
      MinSize: 0,
      MaxSize: 0,
    }),
  );
  const ecs = new ECSClient(account);
  await ecs.send(new CreateClusterCommand({ clusterName: cluster }));
  const containerDefinitions = [{ name: 'lister', image: 'lister', cpu: 1, memory: 16 }];
  await ecs.send(new RegisterTaskDefinitionCommand({ family: 'lister', containerDefinitions }));
  const states = new SFNClient(account);
  const created = await states.send(
    new CreateStateMachineCommand({
      name: machine,
      definition: '{"StartAt": "End", "States": {"End": {"Type": "Succeed"}}}',
      roleArn: 'arn:aws:iam::123456789012:role/machine',
    }),
  );
  const { stateMachineArn } = created;
  const started = await states.send(new StartExecutionCommand({ stateMachineArn, name: migration }));
  const close = (): void => {
    for (const client of [s3, sqs, secrets, scaling, ecs, states]) client.destroy();
  };
  return { s3, sqs, scaling, ecs, queueUrl: QueueUrl, executionArn: started.executionArn ?? '', close };
}
