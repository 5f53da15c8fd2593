import {
  AutoScalingClient,
  DescribeAutoScalingGroupsCommand,
  UpdateAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { S3JobStore } from '../../adapters/aws/s3-job-store.ts';
import { encodeJson } from '../../core/json-lines.ts';
import { stoppedExecution } from '../support/stopped-execution.ts';
import { type LambdaProcess, startLambda } from './lambda-process.ts';
import { describeOnMoto, type MotoServer, motoAccount, startMoto } from './moto-server.ts';
import { createStack, type StackOnMoto } from './stack-on-moto.ts';

const startedAtMs = Date.parse('2026-11-25T10:00:00.123Z');
const holderPath = 'stack/holder.json';

describeOnMoto('a migration that was stopped in the console', () => {
  let server: MotoServer;
  let stack: StackOnMoto;
  let cleanUp: LambdaProcess;
  let scaling: AutoScalingClient;
  let jobStore: S3JobStore;
  const group = () => ({ AutoScalingGroupName: stack.id('WorkerGroup') });
  const instances = async () => {
    const AutoScalingGroupNames = [stack.id('WorkerGroup')];
    const found = await scaling.send(new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames }));
    return found.AutoScalingGroups?.[0]?.Instances?.length;
  };

  beforeAll(async () => {
    server = await startMoto();
    stack = await createStack(server.endpoint);
    const account = { ...motoAccount, endpoint: server.endpoint };
    scaling = new AutoScalingClient(account);
    jobStore = new S3JobStore({ provider: 'AWS', bucket: stack.id('JobStoreBucket'), ...account });
    cleanUp = startLambda('clean-up', {
      ...(await stack.environment.lambda('CleanUpLambdaFunction')),
      AWS_ENDPOINT_URL: server.endpoint,
      AWS_ACCESS_KEY_ID: 'CleanUpRole',
      AWS_SECRET_ACCESS_KEY: 'secret-of-CleanUpRole',
    });
    const holder = { version: 1, migration: 'exit-ibm', sinceMs: startedAtMs + 60_000, startedAtMs };
    await jobStore.write(holderPath, encodeJson(holder));
    const bounds = { MinSize: 2, MaxSize: 2, DesiredCapacity: 2 };
    await scaling.send(new UpdateAutoScalingGroupCommand({ ...group(), ...bounds }));
  }, 120_000);
  afterAll(async () => {
    await cleanUp?.stop();
    scaling?.destroy();
    jobStore?.close();
    await server.stop();
  });

  it('before it had the stack leaves the workers of the run that has it', async () => {
    const given = await cleanUp.invoke(stoppedExecution('exit-ibm@2', startedAtMs + 3_600_000));
    expect(given).toMatchObject({
      fleetStopped: false,
      problems: [expect.stringContaining('has this stack')],
    });
    expect(await instances()).toBe(2);
    expect(await jobStore.read(holderPath)).not.toBeNull();
  });

  it('loses its workers and the stack by what EventBridge sends, and the log says whose', async () => {
    const given = await cleanUp.invoke(stoppedExecution('exit-ibm', startedAtMs));
    expect(given).toMatchObject({ fleetStopped: true, problems: [] });
    expect(await instances()).toBe(0);
    expect(await jobStore.read(holderPath)).toBeNull();
    expect(cleanUp.logged()).toMatch(/"migration":"exit-ibm"/);
  });

  it('is not what another event says', async () => {
    const other = { ...stoppedExecution('exit-ibm', startedAtMs), 'detail-type': 'Something Else' };
    await expect(cleanUp.invoke(other)).rejects.toMatchObject({ name: 'InvalidRequest' });
  });
});
