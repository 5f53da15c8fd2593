import type { AwsCall } from '../aws/aws-call.ts';

/** A call that cannot be read off the code by the names of its ports, and why the role makes it all the same. */
export type UnrecordedCall = AwsCall & { why: string; context?: Readonly<Record<string, string>> };

const call = (service: string, actions: string, resource: string, why: string): UnrecordedCall[] =>
  actions.split(' ').map((action) => ({ service, action, resource, why }));

const log = (group: string): UnrecordedCall[] =>
  call('logs', 'CreateLogStream PutLogEvents', group, 'Lambda or Docker writes the log in the role’s name');
const trace = call('xray', 'PutTraceSegments PutTelemetryRecords', '*', 'Lambda traces each invocation');
const lambda = (name: string): UnrecordedCall[] => [...log(`${name}LogGroup`), ...trace];

const findJobs = call(
  's3',
  'ListBucket',
  'JobStoreBucket',
  'a file that is not there is a 404 only to those who may list',
);
const sourceSecrets = ['SourceAccessKeySecret', 'SourceSecretKeySecret', 'SourceEndpointSecret'].flatMap(
  (secret) =>
    call(
      'secretsmanager',
      'GetSecretValue',
      secret,
      'a request names the source’s secrets, or leaves them to the stack',
    ),
);
const rcloneSecret = call(
  'secretsmanager',
  'GetSecretValue',
  'SourceRcloneConfigSecret',
  'the options of a source of type rclone',
);
const namedSecrets = ['/migration/destination_access_key', '/migration/destination_secret_key'].flatMap(
  (name) => call('secretsmanager', 'GetSecretValue', name, 'a request may name secrets of the destination'),
);
const through = (service: string, action: string, why: string): UnrecordedCall => ({
  service: 'kms',
  action,
  resource: 'the key',
  why,
  context: { 'kms:ViaService': `${service}.us-east-1.amazonaws.com` },
});
const openSecrets = [through('secretsmanager', 'Decrypt', 'the secrets are encrypted under the stack’s key')];
const sourceByRole = (actions: string): UnrecordedCall[] =>
  call('s3', actions, 'source-bucket/*', 'a source on Amazon S3 without secrets is read by the role');
const listSourceByRole = call(
  's3',
  'ListBucket',
  'source-bucket',
  'the same, and for a 404 instead of a 403',
);
const listDestination = call(
  's3',
  'ListBucket',
  'destination-bucket',
  'core merges its listing with the inventory; there it is a store as any other, so that the code does not say which',
);
const pull = (repository: string): UnrecordedCall[] => [
  ...call('ecr', 'GetAuthorizationToken', '*', 'signs in to the registry'),
  ...call(
    'ecr',
    'BatchGetImage GetDownloadUrlForLayer BatchCheckLayerAvailability',
    repository,
    'pulls the image',
  ),
];
const announce: UnrecordedCall = {
  service: 'events',
  action: 'PutEvents',
  resource: 'event-bus/default',
  why: 'Announce, Announce refusal, Announce stall',
  context: { 'events:source': 'drover' },
};
const observe = [
  ...call(
    'logs',
    'CreateLogDelivery GetLogDelivery UpdateLogDelivery DeleteLogDelivery ListLogDeliveries PutResourcePolicy DescribeResourcePolicies DescribeLogGroups',
    '*',
    'Step Functions delivers its log. [src: Step Functions guide, logging to CloudWatch Logs]',
  ),
  ...call(
    'xray',
    'PutTraceSegments PutTelemetryRecords GetSamplingRules GetSamplingTargets',
    '*',
    'Step Functions traces. [src: Step Functions guide, X-Ray]',
  ),
];
const invoke = (...functions: string[]): UnrecordedCall[] =>
  functions.flatMap((name) =>
    call('lambda', 'InvokeFunction', `${name}LambdaFunction`, 'the state of that name'),
  );
const rules = ['StepFunctionsGetEventsForECSTaskRule', 'StepFunctionsGetEventsForStepFunctionsExecutionRule'];

/** What each role asks of AWS beside what calls-of-code.ts finds; the resources are in the words of test/aws/calls-by-role.ts. */
export const unrecordedCalls: Readonly<Record<string, readonly UnrecordedCall[]>> = {
  ValidateRole: [
    ...lambda('Validate'),
    ...findJobs,
    ...sourceSecrets,
    ...rcloneSecret,
    ...namedSecrets,
    ...openSecrets,
  ],
  PreflightRole: [
    ...lambda('Preflight'),
    ...findJobs,
    ...sourceSecrets,
    ...namedSecrets,
    ...openSecrets,
    ...listSourceByRole,
    ...sourceByRole('GetObject GetObjectTagging'),
    ...call(
      'sqs',
      'ReceiveMessage ChangeMessageVisibility',
      'WorkQueue',
      'looks at messages that wait, and gives them back',
    ),
    through('s3', 'GenerateDataKey', 'the probe is encrypted under destination.kmsKeyId'),
    through('s3', 'Decrypt', 'and read back'),
  ],
  RaiseFleetRole: lambda('RaiseFleet'),
  ReadBacklogRole: [...lambda('ReadBacklog'), ...findJobs],
  LowerFleetRole: [...lambda('LowerFleet'), ...findJobs],
  PlanVerificationRole: [...lambda('PlanVerification'), ...findJobs],
  VerifyShardRole: [
    ...lambda('VerifyShard'),
    ...findJobs,
    ...sourceSecrets,
    ...namedSecrets,
    ...openSecrets,
    ...listSourceByRole,
    ...listDestination,
    ...sourceByRole('GetObject'),
    ...call('s3', 'GetObject', 'destination-bucket/*', 'verify.contentSample reads both sides'),
    through('s3', 'Decrypt', 'the same, of objects under destination.kmsKeyId'),
  ],
  JudgeRole: [...lambda('Judge'), ...findJobs],
  EnqueueShardRepairsRole: [...lambda('EnqueueShardRepairs'), ...findJobs],
  CleanUpRole: [
    ...lambda('CleanUp'),
    ...findJobs,
    ...namedSecrets,
    ...openSecrets,
    ...call('ecs', 'StopTask DescribeTasks', 'tasks of ListerCluster', 'a lister that outlived its state'),
    ...call(
      'autoscaling',
      'SetInstanceProtection',
      'WorkerGroup',
      'workers protect themselves while they copy',
    ),
    ...call('s3', 'AbortMultipartUpload', 'destination-bucket/*', 'an upload that a killed worker left'),
  ],
  ReportRole: [...lambda('Report'), ...findJobs],
  ListerTaskRole: [
    ...findJobs,
    ...sourceSecrets,
    ...rcloneSecret,
    ...call('s3', 'GetObject', 'inventory-bucket/*', 'source.inventory: the manifest and its files'),
    ...namedSecrets,
    ...openSecrets,
    ...listSourceByRole,
    ...listDestination,
  ],
  TaskExecutionRole: [...pull('the lister’s repository'), ...log('ListerLogGroup')],
  WorkerRole: [
    ...pull('the worker’s repository'),
    ...log('WorkerLogGroup'),
    ...sourceSecrets,
    ...rcloneSecret,
    ...namedSecrets,
    ...openSecrets,
    ...listSourceByRole,
    ...sourceByRole('GetObject GetObjectTagging'),
    ...call(
      'sqs',
      'ChangeMessageVisibility SendMessage',
      'WorkQueue',
      'extends leases; sends on what is to be tried again',
    ),
    ...call(
      'autoscaling',
      'SetInstanceProtection RecordLifecycleActionHeartbeat CompleteLifecycleAction',
      'WorkerGroup',
      'adapters/aws/group-membership.ts, on an EC2 instance only',
    ),
    ...findJobs,
    ...call('s3', 'GetObject', 'JobStoreBucket/*', 'records of objects that the fleet copies in parts'),
    ...call('s3', 'AbortMultipartUpload', 'destination-bucket/*', 'an upload that failed'),
    ...call(
      's3',
      'ListMultipartUploadParts GetObject',
      'destination-bucket/*',
      'how an upload of the fleet stands, and whether it was completed',
    ),
    ...call(
      's3',
      'ListBucket',
      'destination-bucket',
      'an object that is not there is a 404 only to those who may list',
    ),
    ...call('s3', 'PutObjectTagging', 'destination-bucket/*', 'tags of the source and of the rules'),
    through('s3', 'GenerateDataKey', 'objects are encrypted under destination.kmsKeyId'),
    through('s3', 'Decrypt', 'parts are read again when an upload is completed'),
  ],
  MigrateRole: [
    ...invoke(
      'Validate',
      'Preflight',
      'RaiseFleet',
      'LowerFleet',
      'PlanVerification',
      'VerifyShard',
      'Judge',
      'EnqueueShardRepairs',
      'CleanUp',
      'Report',
    ),
    {
      service: 'ecs',
      action: 'RunTask',
      resource: 'ListerTaskDefinition',
      why: 'List source',
      context: { 'ecs:cluster': 'ListerCluster' },
    },
    {
      service: 'ecs',
      action: 'TagResource',
      resource: 'tasks of ListerCluster',
      why: 'List source tags its task',
      context: { 'ecs:CreateAction': 'RunTask' },
    },
    ...call(
      'ecs',
      'DescribeTasks StopTask',
      'tasks of ListerCluster',
      'List source waits for its task, and ends it when it is aborted',
    ),
    ...['ListerTaskRole', 'TaskExecutionRole'].map((resource) => ({
      service: 'iam',
      action: 'PassRole',
      resource,
      why: 'RunTask hands the roles to the task',
      context: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' },
    })),
    ...call('states', 'StartExecution', 'DrainStateMachine', 'Drain'),
    ...call(
      'states',
      'DescribeExecution StopExecution',
      'DrainStateMachine executions',
      'Drain waits for its child',
    ),
    ...call(
      'states',
      'StartExecution',
      'MigrateStateMachine',
      'a distributed map starts its items as executions of this machine',
    ),
    ...call(
      'states',
      'DescribeExecution StopExecution',
      'MigrateStateMachine map runs',
      'and waits for them',
    ),
    ...rules.flatMap((rule) =>
      call(
        'events',
        'PutTargets PutRule DescribeRule',
        `rule/${rule}`,
        'how Step Functions hears of the end of a task or a child',
      ),
    ),
    announce,
    ...observe,
  ],
  DrainRole: [...invoke('ReadBacklog'), announce, ...observe],
};
