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
  LowerFleetRole: 'functions/lower-fleet.ts',
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
    calls: {
      read: 's3 GetObject',
      stream: 's3 GetObject',
      write: 's3 PutObject',
      list: 's3 ListBucket',
      delete: 's3 DeleteObject',
      address: '',
    },
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
 * What the code behind an entry point asks of AWS: the calls of ports' methods in what its bundle keeps of our files.
 * Throws for a method of a port that nothing is known about.
 */
export async function callsOfCode(entryPoint: string): Promise<AwsCall[]> {
  const found = new Map<string, AwsCall>();
  for (const { file, text } of await bundled(entryPoint)) {
    for (const [, port = '', method = ''] of text.matchAll(portCall)) {
      const call = callOf(port, method, file);
      if (call !== null) found.set(JSON.stringify(call), call);
    }
  }
  return [...found.values()];
}

/** The bundler puts a number behind a name that it has twice. */
const portCall = new RegExp(`\\b(${Object.keys(methods).join('|')})\\d*\\s*\\.(\\w+)\\(`, 'g');

function callOf(port: string, method: string, file: string): AwsCall | null {
  const known = methods[port];
  const call = known?.calls[method];
  if (known === undefined || call === undefined)
    throw new Error(
      `${file} calls ${port}.${method}, of which calls-of-code.ts does not know what it asks of AWS`,
    );
  if (call === '') return null;
  const [service = '', action = ''] = call.split(' ');
  const resource = service === 's3' && !onBucket.has(action) ? `${known.resource}/*` : known.resource;
  return { service, action, resource };
}

/** What a bundle keeps of each of our files; adapters stay out but for the copier, since they are what `methods` tells. */
async function bundled(entryPoint: string): Promise<{ file: string; text: string }[]> {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [entryPoint],
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    mainFields: ['module', 'main'],
    outdir: 'nowhere',
    write: false,
    logLevel: 'silent',
  });
  // Each file of a bundle begins with its path as a comment.
  const [, ...parts] = (outputFiles[0]?.text ?? '').split(/^ *\/\/ ([\w./@-]+\.[a-z]+)$/m);
  const pairs = parts.flatMap((file, index) =>
    index % 2 === 0 ? [{ file, text: parts[index + 1] ?? '' }] : [],
  );
  const ours = pairs.filter(({ file }) =>
    /^(core|functions|containers)\/|^adapters\/aws\/direct-copier\.ts$/.test(file),
  );
  if (!ours.some(({ file }) => file === entryPoint))
    throw new Error(`the bundle of ${entryPoint} does not hold it`);
  return ours;
}
