import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { glob, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';
import { systemClock } from '../../adapters/system-clock.ts';
import { StackBusy } from '../../core/errors.ts';
import { lockRun } from '../../local/run-lock.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const packages = `${root}.cache/packaged`;

/** Everything that a package is made from. */
const inputs = [
  'serverless.yml',
  'package-lock.json',
  'resources/**/*.{yml,js}',
  'statemachines/*.yaml',
  'plugins/**/*.{js,ts}',
  '{core,adapters,functions}/**/*.ts',
  'containers/**/*',
];

/** A stack as CloudFormation gets it, and the folder with its template and its Lambdas. */
export type PackagedStack = { stage: string; folder: string; template: Template };

const Resource = z.object({
  Type: z.string(),
  Properties: z.record(z.string(), z.unknown()).default({}),
  Condition: z.string().optional(),
  DependsOn: z.union([z.string(), z.array(z.string())]).optional(),
  DeletionPolicy: z.string().optional(),
  UpdateReplacePolicy: z.string().optional(),
});
const Template = z.object({
  Parameters: z.record(z.string(), z.object({ Type: z.string(), Default: z.string() })),
  Conditions: z.record(z.string(), z.unknown()),
  Resources: z.record(z.string(), Resource),
  Outputs: z.record(z.string(), z.unknown()),
});
export type Template = z.infer<typeof Template>;
export type Resource = z.infer<typeof Resource>;

/** A stack with nothing decided, as it is deployed by one who gives no parameter. */
export const plainStack = (): Promise<PackagedStack> => packageStack('dev', {});

/** A second stack, in which every parameter is used. */
export const fullStack = (): Promise<PackagedStack> => packageStack('prod', fullParameters);

export const fullParameters = {
  destinationBuckets: 'archive,media-vault',
  sourceBuckets: 'old-archive',
  inventoryBuckets: 'inventories',
  secretNames: '/migration/destination_access_key,/migration/destination_secret_key',
  kmsKeyArn: 'arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab',
  notificationTopicArn: 'arn:aws:sns:us-east-1:123456789012:operators',
  vpcId: 'vpc-0a1b2c3d',
  subnetIds: 'subnet-0a1b2c3d,subnet-1a2b3c4d',
  publicAddresses: 'false',
  instanceTypes: 'c7gn.large,m8gn.large',
  maxWorkers: '64',
  onDemandBase: '2',
  listerCpu: '2048',
  listerMemory: '4096',
  listerDiskGiB: '100',
  costTags: 'project=exit-ibm,team=media',
  logDays: '14',
  listerImage: `123456789012.dkr.ecr.us-east-1.amazonaws.com/drover-prod/lister@sha256:${'a'.repeat(64)}`,
  workerImage: `123456789012.dkr.ecr.us-east-1.amazonaws.com/drover-prod/worker@sha256:${'b'.repeat(64)}`,
} as const;

/**
 * Packages a stage with `sls package`, offline and with an environment that knows no credentials. What was packaged
 * from the same files before is taken again: a run of the tests packages once.
 */
async function packageStack(stage: string, parameters: Record<string, string>): Promise<PackagedStack> {
  const folder = `${packages}/${await fingerprint()}/${stage}`;
  if ((await find(folder)) === null) await oneAtATime(() => run(stage, parameters, folder));
  const template = await find(folder);
  if (template === null) throw new Error(`serverless left no template in ${folder}`);
  return { stage, folder, template };
}

async function run(stage: string, parameters: Record<string, string>, folder: string): Promise<void> {
  if ((await find(folder)) !== null) return;
  const unfinished = `${folder}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  const given = Object.entries(parameters).flatMap(([name, value]) => ['--param', `${name}=${value}`]);
  const TMPDIR = await mkdtemp(`${tmpdir()}/drover-packaging-`);
  await promisify(execFile)(
    process.execPath,
    [
      `${root}node_modules/serverless/bin/serverless.js`,
      'package',
      '--stage',
      stage,
      '--package',
      unfinished,
      ...given,
    ],
    {
      cwd: root,
      // serverless-esbuild copies every bundle to the folder for temporary files, and leaves it there.
      env: {
        PATH: process.env['PATH'],
        HOME: unfinished,
        TMPDIR,
        AWS_EC2_METADATA_DISABLED: 'true',
        NO_COLOR: '1',
      },
    },
  ).finally(() => rm(TMPDIR, { recursive: true, force: true }));
  await rename(unfinished, folder);
}

async function find(folder: string): Promise<Template | null> {
  try {
    const text = await readFile(`${folder}/cloudformation-template-update-stack.json`, 'utf8');
    return Template.parse(JSON.parse(text));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

/** The bundler has one working folder, and test files run at the same time, each in a process of its own. */
async function oneAtATime(work: () => Promise<void>): Promise<void> {
  await mkdir(packages, { recursive: true });
  let unlock: (() => Promise<void>) | null = null;
  while (unlock === null) {
    unlock = await lockRun(`${packages}/packaging.pid`, 'packaging').catch((error: unknown) => {
      if (error instanceof StackBusy) return null;
      throw error;
    });
    if (unlock === null) await systemClock.sleep(200);
  }
  try {
    await work();
  } finally {
    await unlock();
  }
}

async function fingerprint(): Promise<string> {
  const hash = createHash('sha256');
  const paths = await Array.fromAsync(glob(inputs, { cwd: root }));
  for (const path of paths.sort()) {
    const bytes = await readFile(`${root}${path}`).catch(() => null);
    if (bytes !== null) hash.update(path).update('\0').update(bytes);
  }
  hash.update(JSON.stringify(fullParameters));
  return hash.digest('hex').slice(0, 16);
}
