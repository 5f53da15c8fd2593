import type { AwsCall } from './aws-call.ts';

/**
 * Every AWS call that a role's code made in a whole migration on moto, as IAM names it, on resources by their logical
 * ids in the template; `/*` = any object of a bucket, `destination-bucket` = the request's. Written by
 * migration.test.ts (`npx vitest run test/aws/migration.test.ts -u`), never by hand. What KMS keys ask for on top
 * follows from the resources that are encrypted.
 */
export const callsByRole: Readonly<Record<string, readonly AwsCall[]>> = {
  CleanUpRole: [
    { service: 'autoscaling', action: 'DescribeAutoScalingGroups', resource: '*' },
    { service: 'autoscaling', action: 'UpdateAutoScalingGroup', resource: 'WorkerGroup' },
    { service: 'ecs', action: 'DescribeTasks', resource: 'tasks of ListerCluster' },
    { service: 'ecs', action: 'ListTasks', resource: 'tasks of ListerCluster' },
    { service: 'ecs', action: 'StopTask', resource: 'tasks of ListerCluster' },
    { service: 's3', action: 'AbortMultipartUpload', resource: 'destination-bucket/*' },
    { service: 's3', action: 'DeleteObject', resource: 'JobStoreBucket/stack/holder.json' },
    { service: 's3', action: 'DeleteObject', resource: 'destination-bucket/ibm/.drover-probe-exit-ibm' },
    { service: 's3', action: 'GetObject', resource: 'JobStoreBucket/*' },
    { service: 's3', action: 'ListBucket', resource: 'JobStoreBucket' },
    { service: 's3', action: 'ListBucketMultipartUploads', resource: 'destination-bucket' },
  ],
  JudgeRole: [
    { service: 's3', action: 'GetObject', resource: 'JobStoreBucket/*' },
    { service: 's3', action: 'PutObject', resource: 'JobStoreBucket/*' },
  ],
  ListerTaskRole: [
    { service: 's3', action: 'GetObject', resource: 'JobStoreBucket/*' },
    { service: 's3', action: 'ListBucket', resource: 'JobStoreBucket' },
    { service: 's3', action: 'ListBucket', resource: 'destination-bucket' },
    { service: 's3', action: 'PutObject', resource: 'JobStoreBucket/*' },
    { service: 'secretsmanager', action: 'GetSecretValue', resource: 'SourceAccessKeySecret' },
    { service: 'secretsmanager', action: 'GetSecretValue', resource: 'SourceEndpointSecret' },
    { service: 'secretsmanager', action: 'GetSecretValue', resource: 'SourceSecretKeySecret' },
    { service: 'sqs', action: 'SendMessage', resource: 'WorkQueue' },
  ],
  LowerFleetRole: [
    { service: 'autoscaling', action: 'DescribeAutoScalingGroups', resource: '*' },
    { service: 'autoscaling', action: 'SetInstanceProtection', resource: 'WorkerGroup' },
    { service: 'autoscaling', action: 'UpdateAutoScalingGroup', resource: 'WorkerGroup' },
    { service: 's3', action: 'GetObject', resource: 'JobStoreBucket/*' },
  ],
  PlanVerificationRole: [{ service: 's3', action: 'GetObject', resource: 'JobStoreBucket/*' }],
  PreflightRole: [
    {
      service: 's3',
      action: 'DeleteObject',
      resource: 'JobStoreBucket/migrations/exit-ibm/listing-error.json',
    },
    { service: 's3', action: 'DeleteObject', resource: 'destination-bucket/ibm/.drover-probe-exit-ibm' },
    { service: 's3', action: 'GetObject', resource: 'JobStoreBucket/*' },
    { service: 's3', action: 'GetObject', resource: 'destination-bucket/*' },
    { service: 's3', action: 'ListBucket', resource: 'JobStoreBucket' },
    { service: 's3', action: 'ListBucket', resource: 'destination-bucket' },
    { service: 's3', action: 'PutObject', resource: 'JobStoreBucket/*' },
    { service: 's3', action: 'PutObject', resource: 'destination-bucket/*' },
    { service: 's3', action: 'PutObjectTagging', resource: 'destination-bucket/*' },
    { service: 'secretsmanager', action: 'GetSecretValue', resource: 'SourceAccessKeySecret' },
    { service: 'secretsmanager', action: 'GetSecretValue', resource: 'SourceEndpointSecret' },
    { service: 'secretsmanager', action: 'GetSecretValue', resource: 'SourceSecretKeySecret' },
    { service: 'sqs', action: 'GetQueueAttributes', resource: 'FifoWorkQueue' },
    { service: 'sqs', action: 'GetQueueAttributes', resource: 'WorkQueue' },
  ],
  RaiseFleetRole: [{ service: 'autoscaling', action: 'UpdateAutoScalingGroup', resource: 'WorkerGroup' }],
  ReadBacklogRole: [
    { service: 'autoscaling', action: 'DescribeAutoScalingGroups', resource: '*' },
    { service: 's3', action: 'GetObject', resource: 'JobStoreBucket/*' },
    { service: 's3', action: 'ListBucket', resource: 'JobStoreBucket' },
    { service: 's3', action: 'PutObject', resource: 'JobStoreBucket/*' },
    { service: 'sqs', action: 'GetQueueAttributes', resource: 'FifoWorkQueue' },
    { service: 'sqs', action: 'GetQueueAttributes', resource: 'WorkQueue' },
  ],
  ReportRole: [
    { service: 's3', action: 'GetObject', resource: 'JobStoreBucket/*' },
    { service: 's3', action: 'ListBucket', resource: 'JobStoreBucket' },
    { service: 's3', action: 'PutObject', resource: 'JobStoreBucket/*' },
    { service: 'states', action: 'GetExecutionHistory', resource: 'executions of MigrateStateMachine' },
  ],
  ValidateRole: [
    { service: 's3', action: 'GetObject', resource: 'JobStoreBucket/*' },
    { service: 's3', action: 'ListBucket', resource: 'JobStoreBucket' },
    { service: 'secretsmanager', action: 'GetSecretValue', resource: 'SourceAccessKeySecret' },
    { service: 'secretsmanager', action: 'GetSecretValue', resource: 'SourceEndpointSecret' },
    { service: 'secretsmanager', action: 'GetSecretValue', resource: 'SourceSecretKeySecret' },
  ],
  VerifyShardRole: [
    { service: 's3', action: 'GetObject', resource: 'JobStoreBucket/*' },
    { service: 's3', action: 'ListBucket', resource: 'JobStoreBucket' },
    { service: 's3', action: 'ListBucket', resource: 'destination-bucket' },
    { service: 's3', action: 'PutObject', resource: 'JobStoreBucket/*' },
    { service: 'secretsmanager', action: 'GetSecretValue', resource: 'SourceAccessKeySecret' },
    { service: 'secretsmanager', action: 'GetSecretValue', resource: 'SourceEndpointSecret' },
    { service: 'secretsmanager', action: 'GetSecretValue', resource: 'SourceSecretKeySecret' },
  ],
  WorkerRole: [
    { service: 'autoscaling', action: 'CompleteLifecycleAction', resource: 'WorkerGroup' },
    { service: 'autoscaling', action: 'SetInstanceProtection', resource: 'WorkerGroup' },
    { service: 's3', action: 'PutObject', resource: 'JobStoreBucket/*' },
    { service: 's3', action: 'PutObject', resource: 'destination-bucket/*' },
    { service: 's3', action: 'PutObjectTagging', resource: 'destination-bucket/*' },
    { service: 'secretsmanager', action: 'GetSecretValue', resource: 'SourceAccessKeySecret' },
    { service: 'secretsmanager', action: 'GetSecretValue', resource: 'SourceEndpointSecret' },
    { service: 'secretsmanager', action: 'GetSecretValue', resource: 'SourceSecretKeySecret' },
    { service: 'sqs', action: 'ChangeMessageVisibility', resource: 'WorkQueue' },
    { service: 'sqs', action: 'DeleteMessage', resource: 'WorkQueue' },
    { service: 'sqs', action: 'ReceiveMessage', resource: 'FifoWorkQueue' },
    { service: 'sqs', action: 'ReceiveMessage', resource: 'WorkQueue' },
  ],
};
