import { describe, expect, it } from 'vitest';
import { deploy } from './deployed.ts';
import { fullParameters, fullStack, plainStack } from './package-stack.ts';

const plain = deploy(await plainStack());
const full = deploy(await fullStack());

describe.each([plain, full])('the lister of stage $stage', (stack) => {
  const task = stack.properties('ListerTaskDefinition');

  it('is a Fargate task on arm64 with a network of its own, on a cluster of the stage', () => {
    expect(task).toMatchObject({
      RequiresCompatibilities: ['FARGATE'],
      NetworkMode: 'awsvpc',
      RuntimePlatform: { CpuArchitecture: 'ARM64', OperatingSystemFamily: 'LINUX' },
      TaskRoleArn: stack.arn('ListerTaskRole'),
      ExecutionRoleArn: stack.arn('TaskExecutionRole'),
    });
    expect(stack.properties('ListerCluster')).toMatchObject({
      ClusterName: `drover-${stack.stage}`,
      CapacityProviders: ['FARGATE'],
    });
  });

  it('is one container, which can write nothing but its scratch volume and has two minutes to store its checkpoint', () => {
    expect(task['ContainerDefinitions']).toEqual([
      expect.objectContaining({
        Name: 'lister',
        Essential: true,
        ReadonlyRootFilesystem: true,
        StopTimeout: 120,
        MountPoints: [{ SourceVolume: 'scratch', ContainerPath: '/scratch', ReadOnly: false }],
      }),
    ]);
  });

  it('is told where its stage is, and no secret value', () => {
    const [container] = task['ContainerDefinitions'] as { Environment: { Name: string; Value: string }[] }[];
    expect(Object.fromEntries(container?.Environment.map(({ Name, Value }) => [Name, Value]) ?? [])).toEqual({
      JOB_STORE: `s3://${stack.ref('JobStoreBucket')}`,
      QUEUE_URL: stack.ref('WorkQueue'),
      FIFO_QUEUE_URL: stack.ref('FifoWorkQueue'),
      QUEUE_REGION: 'us-east-1',
      SECRET_PREFIX: `/drover/${stack.stage}`,
      CPU_UNITS: task['Cpu'],
    });
    expect(container).not.toHaveProperty('Secrets');
  });

  it('logs to /migration/lister, kept as long as told', () => {
    const [container] = task['ContainerDefinitions'] as { LogConfiguration: unknown }[];
    expect(container?.LogConfiguration).toEqual({
      LogDriver: 'awslogs',
      Options: {
        'awslogs-group': `/migration/lister/${stack.stage}`,
        'awslogs-region': 'us-east-1',
        'awslogs-stream-prefix': 'lister',
      },
    });
    expect(stack.properties('ListerLogGroup')).toMatchObject({
      LogGroupName: `/migration/lister/${stack.stage}`,
      RetentionInDays: stack === plain ? 30 : 14,
    });
  });
});

describe('a lister’s disk', () => {
  it('is of the size of the parameter, the least that Fargate can be asked for unless told', () => {
    const diskOf = ({ properties }: typeof plain) => properties('ListerTaskDefinition')['EphemeralStorage'];
    expect(String(JSON.stringify(diskOf(plain)))).toMatch(/21/);
    expect(String(JSON.stringify(diskOf(full)))).toMatch(new RegExp(fullParameters.listerDiskGiB));
    expect(plain.properties('ListerTaskDefinition')['Volumes']).toEqual([{ Name: 'scratch' }]);
  });
});

describe('a lister’s size and image', () => {
  it('are those of the parameters', () => {
    const sizeOf = ({ properties }: typeof plain) => {
      const { Cpu, Memory } = properties('ListerTaskDefinition');
      return [Cpu, Memory];
    };
    expect(sizeOf(plain)).toEqual(['1024', '2048']);
    expect(sizeOf(full)).toEqual([fullParameters.listerCpu, fullParameters.listerMemory]);
    expect(full.properties('ListerTaskDefinition')['ContainerDefinitions']).toEqual([
      expect.objectContaining({ Image: fullParameters.listerImage }),
    ]);
  });

  it('are an image that no registry can have, where a package was made without one', () => {
    expect(plain.properties('ListerTaskDefinition')['ContainerDefinitions']).toEqual([
      expect.objectContaining({ Image: expect.stringMatching(/^not-built\.invalid\//) }),
    ]);
  });
});
