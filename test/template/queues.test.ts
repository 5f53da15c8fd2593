import { describe, expect, it } from 'vitest';
import { deploy } from './deployed.ts';
import { fullStack, plainStack } from './package-stack.ts';

const fourteenDaysInSeconds = 14 * 24 * 3600;
const all = ['WorkQueue', 'DeadLetterQueue', 'FifoWorkQueue', 'FifoDeadLetterQueue'];

describe.each([
  ['plain', deploy(await plainStack())],
  ['with every parameter', deploy(await fullStack())],
])('the queues, %s', (_, stack) => {
  it('are work and dead letters, and the same again as FIFO queues for partitions', () => {
    expect(stack.logicalIds('AWS::SQS::Queue')).toEqual(all);
  });

  it.each(all)('%s is encrypted and keeps a message for fourteen days', (id) => {
    expect(stack.properties(id)).toMatchObject({
      SqsManagedSseEnabled: true,
      MessageRetentionPeriod: fourteenDaysInSeconds,
    });
    // A FIFO queue is one whose name ends so. [src: Amazon SQS API reference, CreateQueue]
    const fifo = id.startsWith('Fifo');
    expect(stack.properties(id)['FifoQueue']).toBe(fifo ? true : undefined);
    expect(String(stack.properties(id)['QueueName']).endsWith('.fifo')).toBe(fifo);
  });

  it('hand out one message of a partition at a time, and count the limit by partition', () => {
    expect(stack.properties('FifoWorkQueue')).toMatchObject({
      DeduplicationScope: 'messageGroup',
      FifoThroughputLimit: 'perMessageGroupId',
    });
  });

  it.each([
    ['WorkQueue', 'DeadLetterQueue'],
    ['FifoWorkQueue', 'FifoDeadLetterQueue'],
  ])('%s moves a message that no worker settles to %s, and no other queue may', (work, dead) => {
    expect(stack.properties(work)['RedrivePolicy']).toEqual({
      deadLetterTargetArn: stack.arn(dead),
      maxReceiveCount: 10,
    });
    expect(stack.properties(dead)['RedriveAllowPolicy']).toEqual({
      redrivePermission: 'byQueue',
      sourceQueueArns: [stack.arn(work)],
    });
  });

  it.each(all)('%s refuses whoever comes without TLS', (id) => {
    const policies = stack
      .logicalIds('AWS::SQS::QueuePolicy')
      .map((policy) => stack.properties(policy))
      .filter(({ Queues }) => JSON.stringify(Queues) === JSON.stringify([stack.ref(id)]));
    expect(policies.map(({ PolicyDocument }) => PolicyDocument)).toEqual([
      {
        Version: '2012-10-17',
        Statement: [
          {
            Sid: 'OnlyOverTls',
            Effect: 'Deny',
            Principal: '*',
            Action: 'sqs:*',
            Resource: stack.arn(id),
            Condition: { Bool: { 'aws:SecureTransport': 'false' } },
          },
        ],
      },
    ]);
  });
});
