import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { deploy, type Fields } from './deployed.ts';
import { fullParameters, fullStack, plainStack } from './package-stack.ts';

const plain = deploy(await plainStack());
const full = deploy(await fullStack());
const script = readFileSync(new URL('../../containers/worker/user-data.sh', import.meta.url), 'utf8');

describe.each([plain, full])('a worker’s machine of stage $stage', (stack) => {
  const data = stack.properties('WorkerLaunchTemplate')['LaunchTemplateData'] as Fields;

  it('gives out its credentials by IMDSv2 only, one hop far', () => {
    expect(data['MetadataOptions']).toMatchObject({
      HttpEndpoint: 'enabled',
      HttpTokens: 'required',
      HttpPutResponseHopLimit: 1,
    });
  });

  it('has an encrypted disk that goes with it', () => {
    expect(data['BlockDeviceMappings']).toEqual([
      {
        DeviceName: '/dev/xvda',
        Ebs: { VolumeType: 'gp3', VolumeSize: 30, Encrypted: true, DeleteOnTermination: true },
      },
    ]);
  });

  it('is reached through Session Manager: no key, no open port', () => {
    expect(data).not.toHaveProperty('KeyName');
    expect(stack.properties('WorkerRole')['ManagedPolicyArns']).toEqual([
      'arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore',
    ]);
    expect(data['IamInstanceProfile']).toEqual({ Arn: stack.arn('WorkerInstanceProfile') });
    expect(data['NetworkInterfaces']).toEqual([
      expect.objectContaining({
        AssociatePublicIpAddress: stack === plain,
        Groups: [stack.ref('WorkerSecurityGroup')],
      }),
    ]);
  });

  it('runs containers/worker/user-data.sh with everything that it asks for', () => {
    const [shebang, ...lines] = String(data['UserData']).split('\n');
    expect(shebang).toBe('#!/bin/bash');
    const end = lines.findIndex((line) => !line.startsWith('export '));
    const exported = lines
      .slice(0, end)
      .map((line) => line.slice('export '.length).split(/=(.*)/s).slice(0, 2));
    const { stage } = stack;
    expect(Object.fromEntries(exported)).toEqual({
      AWS_REGION: 'us-east-1',
      STAGE: stage,
      WORKER_IMAGE:
        stack === full ? fullParameters.workerImage : expect.stringMatching(/^not-built\.invalid\//),
      LOG_GROUP: `/migration/workers/${stage}`,
      JOB_STORE: `s3://${stack.ref('JobStoreBucket')}`,
      QUEUE_URL: stack.ref('WorkQueue'),
      FIFO_QUEUE_URL: stack.ref('FifoWorkQueue'),
      SECRET_PREFIX: `/drover/${stage}`,
      WORKER_GROUP: stack.ref('WorkerGroup'),
      LIFECYCLE_HOOK: 'drain',
    });
    expect(lines.slice(end).join('\n').trim()).toBe(script.trim());
    const asked = /^for name in ([A-Z_ ]+); do$/m.exec(script)?.[1]?.split(' ');
    // The script also runs for a stack without a FIFO queue.
    expect([...(asked ?? []), 'FIFO_QUEUE_URL'].sort()).toEqual(exported.map(([name]) => name).sort());
  });

  it('is no longer than the 16 KiB that EC2 takes', () => {
    expect(Buffer.byteLength(String(data['UserData']))).toBeLessThan(16_384);
  });

  it('logs to /migration/workers, kept as long as told', () => {
    expect(stack.properties('WorkerLogGroup')).toMatchObject({
      LogGroupName: `/migration/workers/${stack.stage}`,
      RetentionInDays: stack === plain ? 30 : 14,
    });
  });
});

describe.each([plain, full])('the fleet of stage $stage', (stack) => {
  const group = stack.properties('WorkerGroup');

  it('is nobody between migrations, and never more than told', () => {
    expect([group['MinSize'], group['MaxSize'], group['DesiredCapacity']]).toEqual([
      '0',
      stack === plain ? '20' : fullParameters.maxWorkers,
      undefined,
    ]);
  });

  it('is of Spot instances of several types, on the launch template’s latest version', () => {
    const types = stack === plain ? 7 : 2;
    expect(group['MixedInstancesPolicy']).toEqual({
      LaunchTemplate: {
        LaunchTemplateSpecification: { LaunchTemplateId: stack.ref('WorkerLaunchTemplate'), Version: '1' },
        Overrides: Array.from({ length: types }, () => ({
          InstanceType: expect.stringMatching(/^[a-z]+\d[a-z]*g[a-z]*\./),
        })),
      },
      InstancesDistribution: {
        OnDemandBaseCapacity: stack === plain ? '0' : fullParameters.onDemandBase,
        OnDemandPercentageAboveBaseCapacity: 0,
        SpotAllocationStrategy: 'price-capacity-optimized',
      },
    });
  });

  it('replaces an instance before Spot takes it, and waits for one that drains', () => {
    expect(group['CapacityRebalance']).toBe(true);
    expect(group['LifecycleHookSpecificationList']).toEqual([
      {
        LifecycleHookName: 'drain',
        LifecycleTransition: 'autoscaling:EC2_INSTANCE_TERMINATING',
        HeartbeatTimeout: 300,
        DefaultResult: 'CONTINUE',
      },
    ]);
  });

  it('reports its size every minute, all of its metrics', () => {
    expect(group['MetricsCollection']).toEqual([{ Granularity: '1Minute' }]);
  });

  it('follows the messages that wait and are in flight, for each worker in service', () => {
    const policy = stack.properties('WorkerScaling');
    expect(policy).toMatchObject({
      PolicyType: 'TargetTrackingScaling',
      AutoScalingGroupName: stack.ref('WorkerGroup'),
    });
    const tracking = policy['TargetTrackingConfiguration'] as {
      TargetValue: number;
      CustomizedMetricSpecification: { Metrics: Fields[] };
    };
    expect(tracking.TargetValue).toBe(4);
    const metrics = tracking.CustomizedMetricSpecification.Metrics;
    const read = metrics.flatMap(({ Id, MetricStat }) =>
      MetricStat === undefined ? [] : [[Id, (MetricStat as { Metric: Fields }).Metric]],
    );
    const queue = [{ Name: 'QueueName', Value: `drover-${stack.stage}-work` }];
    const fifo = [{ Name: 'QueueName', Value: `drover-${stack.stage}-work.fifo` }];
    expect(Object.fromEntries(read)).toEqual({
      visible: { Namespace: 'AWS/SQS', MetricName: 'ApproximateNumberOfMessagesVisible', Dimensions: queue },
      inFlight: {
        Namespace: 'AWS/SQS',
        MetricName: 'ApproximateNumberOfMessagesNotVisible',
        Dimensions: queue,
      },
      fifoVisible: {
        Namespace: 'AWS/SQS',
        MetricName: 'ApproximateNumberOfMessagesVisible',
        Dimensions: fifo,
      },
      fifoInFlight: {
        Namespace: 'AWS/SQS',
        MetricName: 'ApproximateNumberOfMessagesNotVisible',
        Dimensions: fifo,
      },
      workers: {
        Namespace: 'AWS/AutoScaling',
        MetricName: 'GroupInServiceInstances',
        Dimensions: [{ Name: 'AutoScalingGroupName', Value: stack.ref('WorkerGroup') }],
      },
    });
    expect(metrics.filter(({ ReturnData }) => ReturnData === true)).toEqual([
      expect.objectContaining({ Expression: '(visible + inFlight + fifoVisible + fifoInFlight) / workers' }),
    ]);
  });
});

describe('cost tags', () => {
  it('are on instances, disks and Lambdas', () => {
    const wanted = { 'drover:stage': 'prod', project: 'exit-ibm', team: 'media' };
    const tagsOf = (tags: unknown) =>
      Object.fromEntries((tags as { Key: string; Value: string }[]).map(({ Key, Value }) => [Key, Value]));
    expect(tagsOf(full.properties('WorkerGroup')['Tags'])).toMatchObject(wanted);
    expect(full.properties('WorkerGroup')['Tags']).toEqual(
      expect.arrayContaining([expect.objectContaining({ Key: 'team', PropagateAtLaunch: true })]),
    );
    const { TagSpecifications: disks } = full.properties('WorkerLaunchTemplate')['LaunchTemplateData'] as {
      TagSpecifications: { ResourceType: string; Tags: unknown }[];
    };
    expect(disks.map(({ ResourceType }) => ResourceType)).toEqual(['volume']);
    expect(tagsOf(disks[0]?.Tags)).toMatchObject(wanted);
    for (const id of [
      ...full.logicalIds('AWS::Lambda::Function'),
      ...full.logicalIds('AWS::StepFunctions::StateMachine'),
    ])
      expect(tagsOf(full.properties(id)['Tags'])).toEqual(wanted);
  });

  it('are on the stack, which hands them to everything else', async () => {
    const { folder } = await fullStack();
    const state = JSON.parse(readFileSync(`${folder}/serverless-state.json`, 'utf8'));
    expect(state.service.provider.stackTags).toEqual({
      'drover:stage': 'prod',
      project: 'exit-ibm',
      team: 'media',
    });
  });
});
