import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { deploy, type Fields } from './deployed.ts';
import { fullParameters, fullStack, plainStack } from './package-stack.ts';

const plain = deploy(await plainStack());
const full = deploy(await fullStack());

const Metric = z.object({
  Id: z.string(),
  Expression: z.string().optional(),
  ReturnData: z.boolean(),
  MetricStat: z
    .object({
      Metric: z.object({
        Namespace: z.string(),
        MetricName: z.string(),
        Dimensions: z.array(z.object({ Name: z.string(), Value: z.string() })).default([]),
      }),
      Stat: z.string(),
      Period: z.number(),
    })
    .optional(),
});

/** An alarm's metrics by their ids, as `namespace/name of value`, and the expression that it watches. */
function watched(alarm: Fields): { reads: Record<string, string>; says: string | undefined } {
  const metrics = z.array(Metric).parse(alarm['Metrics']);
  const reads = metrics.flatMap(({ Id, MetricStat }) => {
    if (MetricStat === undefined) return [];
    const { Namespace, MetricName, Dimensions } = MetricStat.Metric;
    return [[Id, `${Namespace} ${MetricName} ${Dimensions.map(({ Value }) => Value).join()}`.trim()]];
  });
  return {
    reads: Object.fromEntries(reads),
    says: metrics.find(({ Expression, ReturnData }) => Expression !== undefined && ReturnData)?.Expression,
  };
}

describe.each([plain, full])('the alarms of stage $stage', (stack) => {
  const { stage } = stack;
  const alarm = (id: string): Fields => stack.properties(id);

  it('are these six', () => {
    expect(stack.logicalIds('AWS::CloudWatch::Alarm').sort()).toEqual([
      'CleanUpFailedAlarm',
      'DeadLettersAlarm',
      'FifoOldMessagesAlarm',
      'IdleFleetAlarm',
      'ListerFailedAlarm',
      'OldMessagesAlarm',
      'StalledAlarm',
    ]);
  });

  it('tell the topic when there is one, of good news too, and are quiet while nothing is measured', () => {
    const actions = stack === full ? [fullParameters.notificationTopicArn] : undefined;
    for (const id of stack.logicalIds('AWS::CloudWatch::Alarm')) {
      const { AlarmActions, OKActions, TreatMissingData, AlarmDescription } = alarm(id);
      expect([id, AlarmActions, OKActions, TreatMissingData]).toEqual([id, actions, actions, 'notBreaching']);
      expect(String(AlarmDescription).length).toBeGreaterThan(40);
    }
  });

  it('one rings at the first dead letter of either queue', () => {
    const found = alarm('DeadLettersAlarm');
    expect(watched(found)).toEqual({
      reads: {
        plain: `AWS/SQS ApproximateNumberOfMessagesVisible drover-${stage}-dead-letters`,
        fifo: `AWS/SQS ApproximateNumberOfMessagesVisible drover-${stage}-dead-letters.fifo`,
      },
      says: 'FILL(plain, 0) + FILL(fifo, 0)',
    });
    expect(found).toMatchObject({
      Threshold: 0,
      ComparisonOperator: 'GreaterThanThreshold',
      EvaluationPeriods: 1,
    });
  });

  it.each([
    ['OldMessagesAlarm', 'work'],
    ['FifoOldMessagesAlarm', 'work.fifo'],
  ])('%s rings when the oldest batch of %s is older than usual: a band, no number', (id, queue) => {
    const found = alarm(id);
    expect(found).toMatchObject({
      ThresholdMetricId: 'band',
      ComparisonOperator: 'GreaterThanUpperThreshold',
    });
    expect(found).not.toHaveProperty('Threshold');
    expect(watched(found)).toEqual({
      reads: { age: `AWS/SQS ApproximateAgeOfOldestMessage drover-${stage}-${queue}` },
      says: 'ANOMALY_DETECTION_BAND(age, 3)',
    });
  });

  it('one rings when there is work and nothing was copied for half an hour', () => {
    const found = alarm('StalledAlarm');
    expect(watched(found)).toEqual({
      reads: {
        visible: `AWS/SQS ApproximateNumberOfMessagesVisible drover-${stage}-work`,
        inFlight: `AWS/SQS ApproximateNumberOfMessagesNotVisible drover-${stage}-work`,
        fifoVisible: `AWS/SQS ApproximateNumberOfMessagesVisible drover-${stage}-work.fifo`,
        fifoInFlight: `AWS/SQS ApproximateNumberOfMessagesNotVisible drover-${stage}-work.fifo`,
        copied: `Drover BytesCopied ${stage}`,
        objects: `Drover ObjectsCopied ${stage}`,
      },
      says: 'IF(FILL(visible, 0) + FILL(inFlight, 0) + FILL(fifoVisible, 0) + FILL(fifoInFlight, 0) > 0 AND FILL(copied, 0) + FILL(objects, 0) == 0, 1, 0)',
    });
    expect(halfAnHour(found)).toBe(true);
  });

  it('one rings when a lister says that it failed, and when one dies without a word', () => {
    expect(watched(alarm('ListerFailedAlarm'))).toEqual({
      reads: {
        said: `Drover/${stage} ListerFailures`,
        died: `AWS/Events MatchedEvents drover-${stage}-lister-failed`,
      },
      says: 'FILL(said, 0) + FILL(died, 0)',
    });
    expect(stack.properties('ListerWordsFilter')).toMatchObject({
      LogGroupName: `/migration/lister/${stage}`,
      FilterPattern: '{ ($.event = "listing-failed") || ($.event = "lister-broken") }',
      MetricTransformations: [
        { MetricNamespace: `Drover/${stage}`, MetricName: 'ListerFailures', MetricValue: '1' },
      ],
    });
  });

  it('one rings when instances serve and the queue is empty for half an hour', () => {
    const found = alarm('IdleFleetAlarm');
    expect(watched(found)).toEqual({
      reads: {
        visible: `AWS/SQS ApproximateNumberOfMessagesVisible drover-${stage}-work`,
        inFlight: `AWS/SQS ApproximateNumberOfMessagesNotVisible drover-${stage}-work`,
        fifoVisible: `AWS/SQS ApproximateNumberOfMessagesVisible drover-${stage}-work.fifo`,
        fifoInFlight: `AWS/SQS ApproximateNumberOfMessagesNotVisible drover-${stage}-work.fifo`,
        workers: `AWS/AutoScaling GroupInServiceInstances drover-${stage}-workers`,
      },
      says: 'IF(workers > 0 AND FILL(visible, 0) + FILL(inFlight, 0) + FILL(fifoVisible, 0) + FILL(fifoInFlight, 0) == 0, 1, 0)',
    });
    expect(halfAnHour(found)).toBe(true);
  });

  it('one rings when nobody cleans up after a stopped migration: no event arrived, or Clean up failed thrice', () => {
    expect(watched(alarm('CleanUpFailedAlarm'))).toEqual({
      reads: {
        undelivered: `AWS/Events FailedInvocations drover-${stage}-stopped`,
        dropped: `AWS/Lambda AsyncEventsDropped drover-${stage}-cleanUp`,
      },
      says: 'FILL(undelivered, 0) + FILL(dropped, 0)',
    });
  });
});

function halfAnHour(alarm: Fields): boolean {
  const periods = z
    .array(Metric)
    .parse(alarm['Metrics'])
    .flatMap(({ MetricStat }) => MetricStat?.Period ?? []);
  const { EvaluationPeriods: most, DatapointsToAlarm: needed, Threshold, ComparisonOperator } = alarm;
  return (
    periods.every((seconds) => seconds * Number(most) === 1800) &&
    most === needed &&
    Threshold === 1 &&
    ComparisonOperator === 'GreaterThanOrEqualToThreshold'
  );
}

describe.each([plain, full])('the events of stage $stage', (stack) => {
  const machines = [stack.ref('MigrateStateMachine'), stack.ref('DrainStateMachine')];
  const announced = machines.flatMap((_, index) => {
    const id = ['MigrateStateMachine', 'DrainStateMachine'][index] ?? '';
    const text = String(stack.properties(id)['DefinitionString']);
    return [...text.matchAll(/"DetailType": ?"([^"]+)"/g)].map(([, name]) => name);
  });

  it('are taken from this stage’s machines only: success, exceptions, failure, stall', () => {
    const { EventPattern } = stack.properties('MigrationEventsRule') as { EventPattern: Fields };
    expect(EventPattern).toEqual({
      source: ['drover'],
      'detail-type': [
        'Migration Succeeded',
        'Migration Finished With Exceptions',
        'Migration Failed',
        'Migration Stalled',
      ],
      resources: machines,
    });
    expect(EventPattern['detail-type']).toEqual(expect.arrayContaining(announced));
    expect(announced.length).toBe(2);
  });

  it('tell of a migration that was stopped, which cannot announce it itself', () => {
    expect(stack.properties('MigrationStoppedRule')['EventPattern']).toEqual({
      source: ['aws.states'],
      'detail-type': ['Step Functions Execution Status Change'],
      detail: { status: ['ABORTED', 'TIMED_OUT'], stateMachineArn: [machines[0]] },
    });
  });

  it('tell of a lister that died: any exit code but those of one that is done or was told to stop', () => {
    expect(stack.properties('ListerFailedRule')['EventPattern']).toEqual({
      source: ['aws.ecs'],
      'detail-type': ['ECS Task State Change'],
      detail: {
        clusterArn: [stack.arn('ListerCluster')],
        lastStatus: ['STOPPED'],
        $or: [
          { stopCode: ['TaskFailedToStart'] },
          { containers: { exitCode: [{ 'anything-but': [0, 75] }] } },
        ],
      },
    });
  });

  it('may have Clean up run for a stopped migration, that rule alone', () => {
    expect(stack.properties('StoppedRuleMayCleanUp')).toMatchObject({
      Action: 'lambda:InvokeFunction',
      Principal: 'events.amazonaws.com',
      SourceArn: stack.arn('MigrationStoppedRule'),
    });
  });

  it('go to the topic when there is one', () => {
    const targets = stack === full ? [{ Id: 'topic', Arn: fullParameters.notificationTopicArn }] : undefined;
    for (const id of stack.logicalIds('AWS::Events::Rule'))
      expect(stack.properties(id)['Targets']).toEqual(
        id === 'MigrationStoppedRule'
          ? [
              {
                Id: 'clean-up',
                Arn: stack.arn('CleanUpLambdaFunction'),
                RetryPolicy: { MaximumEventAgeInSeconds: 3600, MaximumRetryAttempts: 185 },
              },
              ...(targets ?? []),
            ]
          : targets,
      );
    expect(stack.logicalIds('AWS::Events::Rule')).toHaveLength(3);
  });
});
