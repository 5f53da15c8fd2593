import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { AwsCall } from '../aws/aws-call.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The file that a role's code begins in. */
export const entryPoints: Readonly<Record<string, string>> = {
  ValidateRole: 'functions/validate.ts',
  PreflightRole: 'functions/preflight.ts',
  RaiseFleetRole: 'functions/raise-fleet.ts',
  ReadBacklogRole: 'functions/read-backlog.ts',
  PlanVerificationRole: 'functions/plan-verification.ts',
  VerifyShardRole: 'functions/verify-shard.ts',
  JudgeRole: 'functions/judge.ts',
  EnqueueShardRepairsRole: 'functions/enqueue-shard-repairs.ts',
  CleanUpRole: 'functions/clean-up.ts',
  ReportRole: 'functions/report.ts',
  ListerTaskRole: 'containers/lister/main.ts',
  WorkerRole: 'containers/worker/main.ts',
};

/** What each method of a port asks of AWS, by the name under which the code holds the port. Adapters: adapters/aws. */
const methods: Readonly<Record<string, { resource: string; calls: Readonly<Record<string, string>> }>> = {
  jobStore: {
    resource: 'JobStoreBucket',
    calls: { read: 's3 GetObject', stream: 's3 GetObject', write: 's3 PutObject', list: 's3 ListBucket', delete: 's3 DeleteObject', address: '' },
  },
  destination: {
    resource: 'destination-bucket',
    calls: {
      listPage: 's3 ListBucket',
      head: 's3 GetObject',
      get: 's3 GetObject',
      put: 's3 PutObject',
      delete: 's3 DeleteObject',
      tag: 's3 PutObjectTagging',
      unfinishedUploads: 's3 ListBucketMultipartUploads',
      abortUpload: 's3 AbortMultipartUpload',
      requestsMade: '',
      close: '',
    },
  },
  queue: {
    resource: 'WorkQueue',
    calls: {
      counts: 'sqs GetQueueAttributes',
      send: 'sqs SendMessage',
      receive: 'sqs ReceiveMessage',
      extend: 'sqs ChangeMessageVisibility',
      release: 'sqs ChangeMessageVisibility',
      delete: 'sqs DeleteMessage',
      requestsMade: '',
    },
  },
  fleet: {
    resource: 'WorkerGroup',
    calls: { setBounds: 'autoscaling UpdateAutoScalingGroup', size: 'autoscaling DescribeAutoScalingGroups' },
  },
  listers: { resource: 'tasks of ListerCluster', calls: { stopAll: 'ecs ListTasks' } },
  history: { resource: 'executions of MigrateStateMachine', calls: { states: 'states GetExecutionHistory' } },
};

/** Calls on a bucket itself; all others are on its objects. */
const onBucket = new Set(['ListBucket', 'ListBucketMultipartUploads']);

/**
 * What the code behind an entry point asks of AWS: the calls of ports' methods in the files that its bundle is made of.
 * Throws for a method of a port that nothing is known about.
 */
export async function callsOfCode(entryPoint: string): Promise<AwsCall[]> {
  const found = new Map<string, AwsCall>();
  for (const file of await filesOf(entryPoint)) {
    const text = readFileSync(`${root}${file}`, 'utf8');
    for (const [, port = '', method = ''] of text.matchAll(portCall)) {
      const call = callOf(port, method, file);
      if (call !== null) found.set(JSON.stringify(call), call);
    }
  }
  return [...found.values()];
}

const portCall = new RegExp(`\\b(${Object.keys(methods).join('|')})\\s*\\.(\\w+)\\(`, 'g');

function callOf(port: string, method: string, file: string): AwsCall | null {
  const known = methods[port];
  const call = known?.calls[method];
  if (known === undefined || call === undefined)
    throw new Error(`${file} calls ${port}.${method}, of which calls-of-code.ts does not know what it asks of AWS`);
  if (call === '') return null;
  const [service = '', action = ''] = call.split(' ');
  const resource = service === 's3' && !onBucket.has(action) ? `${known.resource}/*` : known.resource;
  return { service, action, resource };
}

/** The files of ours that leave something in the bundle; adapters stay out, since they are what `methods` tells. */
async function filesOf(entryPoint: string): Promise<string[]> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [entryPoint],
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    mainFields: ['module', 'main'],
    outdir: 'nowhere',
    write: false,
    metafile: true,
    logLevel: 'silent',
  });
  const [output] = Object.values(metafile.outputs);
  return Object.entries(output?.inputs ?? {})
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .map(([path]) => path)
    .filter((path) => /^(core|functions|containers)\/|^adapters\/aws\/sdk-copier\.ts$/.test(path));
}
