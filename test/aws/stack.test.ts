import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { DescribeStateMachineCommand, SFNClient } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { readEnvironment, stackEnvironment } from '../../adapters/aws/stack-environment.ts';
import { isPlaceholder } from '../../core/placeholder.ts';
import { describeOnMoto, type MotoServer, motoAccount, startMoto } from './moto-server.ts';
import { createStack, type StackOnMoto } from './stack-on-moto.ts';
import { unsupportedResources } from './unsupported-resources.ts';

describeOnMoto('the packaged stack in CloudFormation', () => {
  let server: MotoServer;
  let stack: StackOnMoto;
  beforeAll(async () => {
    server = await startMoto();
    stack = await createStack(server.endpoint);
  }, 120_000);
  afterAll(() => server.stop());

  it('is made whole, but for the types that moto is listed not to make', () => {
    const wanted = Object.entries(stack.packaged.template.Resources);
    const missing = wanted.filter(([logicalId]) => !stack.ids.has(logicalId)).map(([, { Type }]) => Type);
    expect([...new Set(missing)].sort()).toEqual(Object.keys(unsupportedResources).sort());
    const made = wanted.filter(([logicalId]) => stack.ids.has(logicalId)).map(([, { Type }]) => Type);
    expect(made.filter((type) => Object.hasOwn(unsupportedResources, type))).toEqual([]);
    expect(made.length).toBeGreaterThan(60);
  });

  it('tells every Lambda, the lister and the workers where they are, so that each can begin', async () => {
    const lambdas = [...stack.ids.keys()].filter((logicalId) => logicalId.endsWith('LambdaFunction'));
    expect(lambdas.length).toBe(11);
    const Told = z.object(stackEnvironment);
    for (const logicalId of lambdas) {
      const told = readEnvironment(Told, await stack.environment.lambda(logicalId));
      expect(told.JOB_STORE, logicalId).toBe(`s3://${stack.id('JobStoreBucket')}`);
      expect(told.WORKER_GROUP).toBe(stack.id('WorkerGroup'));
    }
    const ofContainers = Told.omit({ WORKER_GROUP: true, LISTER_CLUSTER: true });
    expect(readEnvironment(ofContainers, await stack.environment.lister()).SECRET_PREFIX).toBe('/drover/dev');
    expect(readEnvironment(ofContainers, stack.environment.worker()).SECRET_PREFIX).toBe('/drover/dev');
  });

  it('has state machines whose every reference to the stack is filled in', async () => {
    const client = new SFNClient({ ...motoAccount, endpoint: server.endpoint });
    for (const logicalId of ['MigrateStateMachine', 'DrainStateMachine']) {
      const stateMachineArn = stack.id(logicalId);
      const { definition = '' } = await client.send(new DescribeStateMachineCommand({ stateMachineArn }));
      expect(() => JSON.parse(definition)).not.toThrow();
      expect(definition).not.toMatch(/\$\{|None|undefined/);
    }
    client.destroy();
  });

  it('has secrets that Validate refuses until somebody fills them', async () => {
    const client = new SecretsManagerClient({ ...motoAccount, endpoint: server.endpoint });
    for (const name of ['access_key', 'secret_key', 'endpoint', 'rclone_config']) {
      const SecretId = `/drover/dev/migration/source_${name}`;
      const { SecretString = '' } = await client.send(new GetSecretValueCommand({ SecretId }));
      expect(isPlaceholder(SecretString), name).toBe(true);
    }
    client.destroy();
  });
});
