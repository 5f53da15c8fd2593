import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { StepFunctionsHistory } from '../../adapters/aws/execution-history.ts';
import { ServiceError } from '../../adapters/aws/service-error.ts';
import { describeOnMoto, type MotoServer, motoAccount, startMoto } from './moto-server.ts';

const send = (QueueUrl: string, next: object) => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::sqs:sendMessage',
  Parameters: { QueueUrl, MessageBody: 'said' },
  ...next,
});

describeOnMoto('executions of Step Functions', () => {
  let server: MotoServer;
  let client: SFNClient;
  let queueUrl: string;
  const machine = async (name: string, StartAt: string, States: object) => {
    const created = await client.send(
      new CreateStateMachineCommand({
        name,
        definition: JSON.stringify({ StartAt, States }),
        roleArn: 'arn:aws:iam::123456789012:role/machine',
      }),
    );
    return created.stateMachineArn ?? '';
  };
  const start = async (stateMachineArn: string, name: string, input = '{}') => {
    const { executionArn = '' } = await client.send(
      new StartExecutionCommand({ stateMachineArn, name, input }),
    );
    return executionArn;
  };
  const ended = async (executionArn: string) => {
    for (;;) {
      const { status } = await client.send(new DescribeExecutionCommand({ executionArn }));
      if (status !== 'RUNNING') return status;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  const history = () => new StepFunctionsHistory({ ...motoAccount, endpoint: server.endpoint });

  beforeAll(async () => {
    server = await startMoto();
    await fetch(`${server.endpoint}/moto-api/config`, {
      method: 'POST',
      body: JSON.stringify({ stepfunctions: { execute_state_machine: true } }),
    });
    client = new SFNClient({ ...motoAccount, endpoint: server.endpoint });
    const queues = new SQSClient({ ...motoAccount, endpoint: server.endpoint });
    queueUrl = (await queues.send(new CreateQueueCommand({ QueueName: 'said' }))).QueueUrl ?? '';
    queues.destroy();
  });
  afterAll(async () => {
    client.destroy();
    await server.stop();
  });

  it('tell the path that they took: Task and Map states, when, and which a Catch had to take', async () => {
    const arn = await machine('path', 'Look', {
      Look: { Type: 'Pass', Next: 'Say' },
      Say: send(queueUrl, { Next: 'Say it to nobody' }),
      'Say it to nobody': send(`${queueUrl}-that-is-not-there`, {
        Next: 'Never',
        Retry: [{ ErrorEquals: ['States.ALL'], IntervalSeconds: 1, MaxAttempts: 1 }],
        Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: 'Say it to each' }],
      }),
      Never: { Type: 'Fail' },
      'Say it to each': {
        Type: 'Map',
        ItemsPath: '$$.Execution.Input.each',
        ItemProcessor: { StartAt: 'Item', States: { Item: { Type: 'Pass', End: true } } },
        Next: 'Choose',
      },
      Choose: {
        Type: 'Choice',
        Choices: [{ Variable: '$$.Execution.Name', StringEquals: 'two', Next: 'Say' }],
        Default: 'End',
      },
      End: { Type: 'Succeed' },
    });
    const execution = await start(arn, 'one', '{"each": [1, 2, 3]}');
    expect(await ended(execution)).toBe('SUCCEEDED');
    const states = await history().states(execution);
    expect(states.map(({ name, failed }) => ({ name, failed }))).toEqual([
      { name: 'Say', failed: false },
      { name: 'Say it to nobody', failed: true },
      { name: 'Say it to each', failed: false },
    ]);
    for (const { startedAtMs, endedAtMs } of states) expect(endedAtMs).toBeGreaterThanOrEqual(startedAtMs);
  });

  it('that still run show the state they are in without an end', async () => {
    const arn = await machine('waits', 'Each', {
      Each: {
        Type: 'Map',
        ItemsPath: '$$.Execution.Input',
        ItemProcessor: { StartAt: 'Wait', States: { Wait: { Type: 'Wait', Seconds: 600, End: true } } },
        End: true,
      },
    });
    const execution = await start(arn, 'one', '[1]');
    const found = async () =>
      (await history().states(execution)).map(({ name, endedAtMs }) => [name, endedAtMs]);
    await expect.poll(found).toEqual([['Each', null]]);
  });

  it('whose history cannot be read are named', async () => {
    const nowhere = 'arn:aws:states:us-east-1:123456789012:execution:path:nowhere';
    await expect(history().states(nowhere)).rejects.toThrow(ServiceError);
    await expect(history().states(nowhere)).rejects.toThrow(
      /path:nowhere could not be read: ExecutionDoesNotExist/,
    );
  });

  it('are started once under a name, whose input cannot be another one', async () => {
    const arn = await machine('once', 'End', { End: { Type: 'Succeed' } });
    const execution = await start(arn, 'migration-1', '{"a": 1}');
    expect(execution).toMatch(/:execution:once:migration-1$/);
    expect(await ended(execution)).toBe('SUCCEEDED');
    await expect(start(arn, 'migration-1', '{"a": 2}')).rejects.toMatchObject({
      name: 'ExecutionAlreadyExists',
    });
  });
});
