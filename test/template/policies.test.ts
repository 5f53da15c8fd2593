import { readFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { AwsCall } from '../aws/aws-call.ts';
import { callsByRole } from '../aws/calls-by-role.ts';
import { callsOfCode, entryPoints } from './calls-of-code.ts';
import { deploy, place } from './deployed.ts';
import { type UnrecordedCall, unrecordedCalls } from './expected-calls.ts';
import { fullParameters, fullStack, plainStack } from './package-stack.ts';
import { allows, type Request, roleOf, type Statement } from './policies.ts';

const plain = deploy(await plainStack());
const full = deploy(await fullStack());
const roles = full.logicalIds('AWS::IAM::Role');

const arn = (service: string, rest: string) => `arn:aws:${service}:${place.region}:${place.account}:${rest}`;
const destinations = fullParameters.destinationBuckets.split(',');
const { stage } = full;

/** What cannot be limited to a resource. [src: Service Authorization Reference] */
const withoutResource = new Set(['autoscaling:DescribeAutoScalingGroups', 'ecs:ListTasks']);

/** The ARNs that stand for a resource in the words of the calls. */
function resourcesOf({ service, action, resource }: AwsCall): string[] {
  if (withoutResource.has(`${service}:${action}`)) return ['*'];
  const [, word = '', path = ''] = /^([^/]*)(\/.*)?$/s.exec(resource) ?? [];
  const buckets: Record<string, readonly string[]> = {
    JobStoreBucket: [full.ref('JobStoreBucket')],
    'source-bucket': [fullParameters.sourceBuckets],
    'inventory-bucket': [fullParameters.inventoryBuckets],
    'destination-bucket': destinations,
  };
  const named = buckets[word];
  if (named !== undefined)
    return named.map((bucket) => `arn:aws:s3:::${bucket}${path.replace('*', 'migrations/a/plan.json')}`);
  const words: Record<string, string> = {
    '*': '*',
    WorkerGroup: arn('autoscaling', `autoScalingGroup:1234:autoScalingGroupName/drover-${stage}-workers`),
    'tasks of ListerCluster': arn('ecs', `task/drover-${stage}/0123456789abcdef`),
    'the key': fullParameters.kmsKeyArn,
    'the lister’s repository': arn('ecr', `repository/drover-${stage}/lister`),
    'the worker’s repository': arn('ecr', `repository/drover-${stage}/worker`),
    'DrainStateMachine executions': arn('states', `execution:drover-${stage}-drain:child`),
    'MigrateStateMachine map runs': arn('states', `execution:drover-${stage}-migrate/VerifyShards:child`),
    'executions of MigrateStateMachine': arn('states', `execution:drover-${stage}-migrate:media`),
  };
  if (words[resource] !== undefined) return [words[resource]];
  if (resource.startsWith('/migration/'))
    return [arn('secretsmanager', `secret:/drover/${stage}${resource}-AbCdEf`)];
  if (/^(event-bus|rule)\//.test(resource)) return [arn('events', resource)];
  if (resource.endsWith('Secret')) return [full.ref(resource)];
  if (resource.endsWith('LogGroup')) return [full.arn(resource).replace(/\*$/, 'log-stream:a')];
  if (/^(ListerTaskDefinition|DrainStateMachine|MigrateStateMachine)$/.test(resource))
    return [full.ref(resource)];
  // The code holds both queues as one: adapters/aws/queue-pair.ts.
  if (resource === 'WorkQueue') return [full.arn(resource), full.arn('FifoWorkQueue')];
  return [full.arn(resource)];
}

/** The condition keys that come with a call. */
function contextOf(call: UnrecordedCall | AwsCall): Record<string, string> {
  const given = 'context' in call ? call.context : undefined;
  if (call.service === 'ecs') return { ...given, 'ecs:cluster': full.arn('ListerCluster') };
  return { ...given };
}

const requestsOf = (call: UnrecordedCall | AwsCall): Request[] =>
  resourcesOf(call).map((resource) => ({
    action: `${call.service}:${call.action}`,
    resource,
    context: contextOf(call),
  }));

/** Every request that the code behind a role makes: read off it, listed, and recorded in a whole migration on moto. */
async function requestsOfRole(role: string): Promise<Request[]> {
  const entryPoint = entryPoints[role];
  const ofCode = entryPoint === undefined ? [] : await callsOfCode(entryPoint);
  const recorded = callsByRole[role] ?? [];
  const deleted = recorded.filter((call) => isDeletion(call));
  // The code does not say which file it deletes; the recording does.
  const unsaid = ofCode.filter((call) => !(isDeletion(call) && deleted.length > 0));
  return [...unsaid, ...(unrecordedCalls[role] ?? []), ...recorded].flatMap(requestsOf);
}

const isDeletion = ({ action, resource }: AwsCall) =>
  action === 'DeleteObject' && resource.startsWith('JobStoreBucket/');

const wanted = new Map(
  await Promise.all(roles.map(async (role) => [role, await requestsOfRole(role)] as const)),
);
const requestsTo = (role: string): Request[] => wanted.get(role) ?? [];
const textOf = ({ action, resource }: Request) => `${action} on ${resource}`;
const allowed = (statements: readonly Statement[], request: Request) =>
  statements.some((statement) => allows(statement, request));

const mayDelete = (role: string, file: string) =>
  allowed(roleOf(full, role).statements, {
    action: 's3:DeleteObject',
    resource: `arn:aws:s3:::${full.ref('JobStoreBucket')}/${file}`,
    context: {},
  });

/** Those who check, walk and copy sources of type rclone. */
const readTheRcloneSecret: ReadonlySet<string> = new Set(['ValidateRole', 'ListerTaskRole', 'WorkerRole']);

describe('the roles', () => {
  it('are one for each function, the lister, its start, the workers and the two machines', () => {
    expect([...roles].sort()).toEqual(
      [...Object.keys(entryPoints), 'TaskExecutionRole', 'MigrateRole', 'DrainRole'].sort(),
    );
    expect(plain.logicalIds('AWS::IAM::Role')).toEqual(roles);
    expect(full.logicalIds('AWS::IAM::ManagedPolicy')).toEqual([]);
    expect(full.logicalIds('AWS::IAM::Policy')).toEqual([]);
  });

  it.each(roles)('%s may do all that its code does', (role) => {
    const { statements } = roleOf(full, role);
    expect(requestsTo(role).length).toBeGreaterThan(0);
    expect(
      requestsTo(role)
        .filter((request) => !allowed(statements, request))
        .map(textOf),
    ).toEqual([]);
  });

  it.each(roles)('%s may do nothing that no code does: every action on every resource is used', (role) => {
    const idle = roleOf(full, role).statements.flatMap((statement) =>
      statement.Action.flatMap((action) =>
        statement.Resource.filter((resource) => {
          const narrow = { ...statement, Action: [action], Resource: [resource] };
          return !requestsTo(role).some((request) => allows(narrow, request));
        }).map((resource) => `${action} on ${resource}`),
      ),
    );
    expect(idle).toEqual([]);
  });

  it.each(roles)('%s may do none of it to another stage, bucket, secret, key or account', (role) => {
    const { statements } = roleOf(full, role);
    const strangers = requestsTo(role)
      .filter(({ resource }) => resource !== '*')
      .flatMap((request) => [
        ...swapped(request, /drover-prod/g, 'drover-dev'),
        ...swapped(request, /\/drover\/prod\//g, '/drover/dev/'),
        ...swapped(request, /:::([a-z-]+)/g, ':::$1-2'),
        ...swapped(request, /key\/1234/g, 'key/9999'),
        ...swapped(request, /:123456789012:/g, ':210987654321:'),
        ...swapped(request, /source_access_key/g, 'somebody_elses_key'),
        ...(readTheRcloneSecret.has(role)
          ? []
          : swapped(request, /source_access_key/g, 'source_rclone_config')),
      ]);
    expect(strangers.length).toBeGreaterThan(0);
    expect(strangers.filter((request) => allowed(statements, request)).map(textOf)).toEqual([]);
  });

  it('delete two files of the job store and no other: who has the stack, and why a lister gave up', () => {
    const files = [
      'stack/holder.json',
      'stack/holder.json.old',
      'stack/other.json',
      'migrations/a/listing-error.json',
      'migrations/a/pass-2/listing-error.json',
      'migrations/a/plan.json',
      'migrations/a/checkpoint.json',
      'migrations/a/report.json',
      'migrations/a/stack/holder.json',
    ];
    const deleted = roles.map((role) => [role, files.filter((file) => mayDelete(role, file))] as const);
    expect(Object.fromEntries(deleted.filter(([, found]) => found.length > 0))).toEqual({
      CleanUpRole: ['stack/holder.json'],
      PreflightRole: ['migrations/a/listing-error.json', 'migrations/a/pass-2/listing-error.json'],
    });
  });

  it('had every call of a whole migration recorded for the table that they are held against', () => {
    expect(Object.keys(callsByRole).filter((role) => !roles.includes(role))).toEqual([]);
    // A migration without repairs has nothing to enqueue; Fargate and Step Functions make their own calls.
    expect(Object.keys(entryPoints).filter((role) => callsByRole[role] === undefined)).toEqual([
      'EnqueueShardRepairsRole',
    ]);
  });

  it.each(roles)('%s says “any resource” only of what knows no resources', (role) => {
    const open = roleOf(full, role).statements.filter(({ Resource }) => Resource.includes('*'));
    const known =
      /^(xray:(PutTraceSegments|PutTelemetryRecords|GetSamplingRules|GetSamplingTargets)|ecr:GetAuthorizationToken|autoscaling:DescribeAutoScalingGroups|ecs:ListTasks|logs:((Create|Get|Update|Delete)LogDelivery|ListLogDeliveries|PutResourcePolicy|DescribeResourcePolicies|DescribeLogGroups))$/;
    expect(open.flatMap(({ Action }) => Action).filter((action) => !known.test(action))).toEqual([]);
    expect(open.flatMap(({ Resource }) => Resource)).toEqual(open.map(() => '*'));
  });

  it.each(roles)('%s names each action in full', (role) => {
    const actions = roleOf(full, role).statements.flatMap(({ Action }) => Action);
    expect(actions.filter((action) => !/^[a-z0-9-]+:[A-Za-z]+$/.test(action))).toEqual([]);
  });

  it('are taken on by the service that they are for, and have none of AWS’s own policies but the worker’s for SSM', () => {
    const machines = ['MigrateRole', 'DrainRole'];
    const tasks = ['ListerTaskRole', 'TaskExecutionRole'];
    for (const role of roles) {
      const service = machines.includes(role)
        ? 'states'
        : tasks.includes(role)
          ? 'ecs-tasks'
          : role === 'WorkerRole'
            ? 'ec2'
            : 'lambda';
      const { principals, managed } = roleOf(full, role);
      expect([role, principals]).toEqual([role, [`${service}.amazonaws.com`]]);
      expect([role, managed]).toEqual([
        role,
        role === 'WorkerRole' ? ['arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore'] : [],
      ]);
    }
  });

  it('hand over two roles only: the lister’s, and only to its task', () => {
    const passing = roles.flatMap((role) =>
      roleOf(full, role)
        .statements.filter(({ Action }) => Action.some((action) => action.startsWith('iam:')))
        .map(({ Action, Resource, Condition }) => [role, Action, Resource, Condition]),
    );
    expect(passing).toEqual([
      [
        'MigrateRole',
        ['iam:PassRole'],
        [full.arn('ListerTaskRole'), full.arn('TaskExecutionRole')],
        { StringEquals: { 'iam:PassedToService': ['ecs-tasks.amazonaws.com'] } },
      ],
    ]);
  });

  it('of a stack that names no bucket, secret or key have leave for none', () => {
    for (const role of roles) {
      const { statements } = roleOf(plain, role);
      const text = JSON.stringify(statements);
      expect([role, /kms:|destination_|"arn:aws:s3:::(?!drover-dev-jobstorebucket)/.test(text)]).toEqual([
        role,
        false,
      ]);
    }
  });
});

/** What IAM calls each command of the SDK that the adapters send. [src: Service Authorization Reference] */
const actionOf: Readonly<Record<string, string>> = {
  AbortMultipartUpload: 's3:AbortMultipartUpload',
  ChangeMessageVisibility: 'sqs:ChangeMessageVisibility',
  ChangeMessageVisibilityBatch: 'sqs:ChangeMessageVisibility',
  CompleteLifecycleAction: 'autoscaling:CompleteLifecycleAction',
  CompleteMultipartUpload: 's3:PutObject',
  CreateMultipartUpload: 's3:PutObject',
  DeleteMessageBatch: 'sqs:DeleteMessage',
  DeleteObject: 's3:DeleteObject',
  DescribeAutoScalingGroups: 'autoscaling:DescribeAutoScalingGroups',
  DescribeTasks: 'ecs:DescribeTasks',
  GetExecutionHistory: 'states:GetExecutionHistory',
  GetObject: 's3:GetObject',
  GetObjectTagging: 's3:GetObjectTagging',
  GetQueueAttributes: 'sqs:GetQueueAttributes',
  GetSecretValue: 'secretsmanager:GetSecretValue',
  HeadObject: 's3:GetObject',
  ListMultipartUploads: 's3:ListBucketMultipartUploads',
  ListObjects: 's3:ListBucket',
  ListObjectsV2: 's3:ListBucket',
  ListParts: 's3:ListMultipartUploadParts',
  ListTasks: 'ecs:ListTasks',
  PutObject: 's3:PutObject',
  PutObjectTagging: 's3:PutObjectTagging',
  ReceiveMessage: 'sqs:ReceiveMessage',
  RecordLifecycleActionHeartbeat: 'autoscaling:RecordLifecycleActionHeartbeat',
  SendMessageBatch: 'sqs:SendMessage',
  SetInstanceProtection: 'autoscaling:SetInstanceProtection',
  StopTask: 'ecs:StopTask',
  UpdateAutoScalingGroup: 'autoscaling:UpdateAutoScalingGroup',
  UploadPart: 's3:PutObject',
};

describe('every command that the adapters send to AWS', () => {
  it('is known by what IAM calls it, and some role’s code makes it', async () => {
    const root = new URL('../../', import.meta.url).pathname;
    const commands = new Set<string>();
    for await (const path of glob('{adapters,containers,functions}/**/*.ts', { cwd: root })) {
      // The command `drover start` runs in the name of whoever calls it, not of a role.
      if (path === 'adapters/aws/migration-machine.ts') continue;
      const text = readFileSync(`${root}${path}`, 'utf8');
      for (const [, sent, paged] of text.matchAll(/\bnew ([A-Z]\w+)Command\(|\bpaginate([A-Z]\w+)\(/g))
        commands.add(sent ?? paged ?? '');
    }
    expect([...commands].sort()).toEqual(Object.keys(actionOf));
    const made = new Set([...wanted.values()].flat().map(({ action }) => action));
    expect(Object.values(actionOf).filter((action) => !made.has(action))).toEqual([]);
  });
});

/** The request with another resource; none where there is nothing to swap. */
function swapped(request: Request, what: RegExp, by: string): Request[] {
  const resource = request.resource.replace(what, by);
  return resource === request.resource ? [] : [{ ...request, resource }];
}
