import { AutoScalingClient, UpdateAutoScalingGroupCommand } from '@aws-sdk/client-auto-scaling';
import { ECSClient, RegisterTaskDefinitionCommand, RunTaskCommand } from '@aws-sdk/client-ecs';
import {
  DeleteObjectCommand,
  HeadBucketCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { CreateStateMachineCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { awsLeftovers } from '../../plugins/safe-remove/leftovers.ts';
import { awsActivity } from '../../plugins/safe-remove/stack-activity.ts';
import { whyNotRemove } from '../../plugins/safe-remove/why-not-remove.ts';
import { describeOnMoto, type MotoServer, motoAccount, startMoto } from './moto-server.ts';
import { createStack, type StackOnMoto } from './stack-on-moto.ts';

describeOnMoto('`sls remove` of a deployed stack', () => {
  let server: MotoServer;
  let stack: StackOnMoto;
  let config: {
    region: string;
    endpoint: string;
    credentials: () => Promise<typeof motoAccount.credentials>;
  };
  const clients: { destroy(): void }[] = [];
  const client = <Client extends { destroy(): void }>(made: Client): Client => {
    clients.push(made);
    return made;
  };
  /** What of the stack is looked at. A machine that waits stands for the migration's, which moto cannot run. */
  const reasons = async (machine?: string) => {
    const found = (await awsActivity(config).resources('drover-dev')) ?? new Map<string, string>();
    if (machine !== undefined) found.set('MigrateStateMachine', machine);
    return whyNotRemove(found, awsActivity(config));
  };

  beforeAll(async () => {
    server = await startMoto();
    stack = await createStack(server.endpoint);
    config = {
      region: motoAccount.region,
      endpoint: server.endpoint,
      credentials: async () => motoAccount.credentials,
    };
  }, 120_000);
  afterAll(async () => {
    for (const one of clients) one.destroy();
    await server.stop();
  });

  it('knows what the stack consists of, and that another is not there', async () => {
    const found = [...((await awsActivity(config).resources('drover-dev')) ?? [])];
    // What could not be made has no id.
    expect(new Map(found.filter(([, id]) => id !== ''))).toEqual(stack.ids);
    expect(await awsActivity(config).resources('drover-never')).toBeNull();
  });

  it('finds no reason against it while the stack rests', async () => {
    expect(await reasons()).toEqual([]);
  });

  it('finds every reason against it: an execution, a lister, an instance, messages in the queue', async () => {
    const states = client(new SFNClient(config));
    const { stateMachineArn } = await states.send(
      new CreateStateMachineCommand({
        name: 'waits',
        definition: JSON.stringify({
          StartAt: 'Wait',
          States: { Wait: { Type: 'Wait', Seconds: 600, End: true } },
        }),
        roleArn: 'arn:aws:iam::123456789012:role/machine',
      }),
    );
    await states.send(new StartExecutionCommand({ stateMachineArn, name: 'exit-ibm' }));
    const ecs = client(new ECSClient(config));
    const containerDefinitions = [{ name: 'lister', image: 'lister', cpu: 1, memory: 16 }];
    await ecs.send(new RegisterTaskDefinitionCommand({ family: 'lister', containerDefinitions }));
    const cluster = stack.id('ListerCluster');
    await ecs.send(new RunTaskCommand({ cluster, taskDefinition: 'lister', launchType: 'FARGATE' }));
    const scaling = client(new AutoScalingClient(config));
    const bounds = { MinSize: 2, MaxSize: 2, DesiredCapacity: 2 };
    await scaling.send(
      new UpdateAutoScalingGroupCommand({ AutoScalingGroupName: stack.id('WorkerGroup'), ...bounds }),
    );
    const sqs = client(new SQSClient(config));
    const QueueUrl = stack.id('WorkQueue');
    for (const DelaySeconds of [0, 0, 600])
      await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'batch', DelaySeconds }));
    await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 1 }));
    expect(await reasons(stateMachineArn)).toEqual([
      '1 migration runs: exit-ibm',
      '1 lister task lives',
      '2 worker instances serve',
      'the queue holds 3 messages',
    ]);
  });

  it('empties the job store of every version and deletes it, and does nothing where it is gone', {
    timeout: 60_000,
  }, async () => {
    const s3 = client(new S3Client(config));
    const Bucket = stack.id('JobStoreBucket');
    // As the template has it; moto's CloudFormation passes over it.
    const VersioningConfiguration = { Status: 'Enabled' } as const;
    await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
    const keys = Array.from({ length: 505 }, (_, n) => `migrations/exit-ibm/größe ${n}.json`);
    for (const Body of ['first', 'second'])
      await Promise.all(keys.map((Key) => s3.send(new PutObjectCommand({ Bucket, Key, Body }))));
    await s3.send(new DeleteObjectCommand({ Bucket, Key: keys[0] }));
    const leftovers = awsLeftovers(config);
    // Two versions of each, more than one page of a listing, and a delete marker.
    expect(await leftovers.emptyBucket(Bucket)).toBe(1011);
    const left = await s3.send(new ListObjectVersionsCommand({ Bucket }));
    expect([left.Versions ?? [], left.DeleteMarkers ?? []]).toEqual([[], []]);
    await leftovers.deleteBucket(Bucket);
    await expect(s3.send(new HeadBucketCommand({ Bucket }))).rejects.toMatchObject({ name: 'NotFound' });
    expect(await leftovers.emptyBucket(Bucket)).toBe(0);
    await expect(leftovers.deleteBucket(Bucket)).resolves.toBeUndefined();
  });
});
