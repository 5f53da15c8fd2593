import { describe, expect, it } from 'vitest';
import { deploy } from './deployed.ts';
import { fullStack, plainStack } from './package-stack.ts';

const fourteenDaysInSeconds = 14 * 24 * 3600;

describe.each([
  ['plain', deploy(await plainStack())],
  ['with every parameter', deploy(await fullStack())],
])('the queues, %s', (_, stack) => {
  it('are two: work and dead letters', () => {
    expect(stack.logicalIds('AWS::SQS::Queue')).toEqual(['WorkQueue', 'DeadLetterQueue']);
  });

  it.each(['WorkQueue', 'DeadLetterQueue'])('%s is encrypted and keeps a message for fourteen days', (id) => {
    expect(stack.properties(id)).toMatchObject({
      SqsManagedSseEnabled: true,
      MessageRetentionPeriod: fourteenDaysInSeconds,
    });
    expect(stack.properties(id)['FifoQueue']).toBeUndefined();
  });

  it('move a message that no worker settles to the dead letters, and no other queue may', () => {
    expect(stack.properties('WorkQueue')['RedrivePolicy']).toEqual({
      deadLetterTargetArn: stack.arn('DeadLetterQueue'),
      maxReceiveCount: 10,
    });
    expect(stack.properties('DeadLetterQueue')['RedriveAllowPolicy']).toEqual({
      redrivePermission: 'byQueue',
      sourceQueueArns: [stack.arn('WorkQueue')],
    });
  });

  it.each(['WorkQueue', 'DeadLetterQueue'])('%s refuses whoever comes without TLS', (id) => {
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
