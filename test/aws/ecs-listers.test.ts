import {
  CreateClusterCommand,
  DescribeTasksCommand,
  ECSClient,
  ListTasksCommand,
  RegisterTaskDefinitionCommand,
  RunTaskCommand,
} from '@aws-sdk/client-ecs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { EcsListers } from '../../adapters/aws/ecs-listers.ts';
import { ServiceError } from '../../adapters/aws/service-error.ts';
import { describeOnMoto, type MotoServer, motoAccount, startMoto } from './moto-server.ts';

describeOnMoto('listers as tasks of ECS', () => {
  let server: MotoServer;
  let client: ECSClient;
  const cluster = 'listers';
  const listersOn = (name: string) => new EcsListers({ ...motoAccount, endpoint: server.endpoint }, name);
  const run = async (migration: string | null) => {
    const answer = await client.send(
      new RunTaskCommand({
        cluster,
        taskDefinition: 'lister',
        launchType: 'FARGATE',
        ...(migration === null ? {} : { tags: [{ key: 'drover:migration', value: migration }] }),
      }),
    );
    return answer.tasks?.[0]?.taskArn ?? '';
  };

  beforeAll(async () => {
    server = await startMoto();
    client = new ECSClient({ ...motoAccount, endpoint: server.endpoint });
    await client.send(new CreateClusterCommand({ clusterName: cluster }));
    await client.send(
      new RegisterTaskDefinitionCommand({
        family: 'lister',
        containerDefinitions: [{ name: 'lister', image: 'lister', cpu: 1, memory: 16 }],
      }),
    );
  });
  afterAll(async () => {
    client.destroy();
    await server.stop();
  });

  it('of the migration are stopped with a reason, all others run on', async () => {
    const own = await Promise.all([run('mine'), run('mine')]);
    const others = await Promise.all([run('mine-too'), run(null)]);
    expect(await listersOn(cluster).stopAll('mine')).toBe(2);
    const { tasks = [] } = await client.send(new DescribeTasksCommand({ cluster, tasks: own }));
    expect(tasks.map(({ lastStatus }) => lastStatus)).toEqual(['STOPPED', 'STOPPED']);
    expect(tasks[0]?.stoppedReason).toMatch(/Clean up of migration mine/);
    const left = await client.send(new ListTasksCommand({ cluster, desiredStatus: 'RUNNING' }));
    expect([...(left.taskArns ?? [])].sort()).toEqual([...others].sort());
    expect(await listersOn(cluster).stopAll('mine'), 'a second time there is nothing to stop').toBe(0);
  });

  it('are found on every page', async () => {
    for (let n = 0; n < 103; n++) await run('many');
    expect(await listersOn(cluster).stopAll('many')).toBe(103);
  });

  it('on a cluster that is not there are named', async () => {
    const stopping = listersOn('nowhere').stopAll('mine');
    await expect(stopping).rejects.toThrow(ServiceError);
    await expect(stopping).rejects.toThrow(/cluster nowhere could not be stopped: ClusterNotFoundException/);
  });
});
