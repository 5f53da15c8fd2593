import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AutoScalingClient,
  DescribeAutoScalingGroupsCommand,
  SetInstanceProtectionCommand,
} from '@aws-sdk/client-auto-scaling';
import { ECSClient, RegisterTaskDefinitionCommand, RunTaskCommand } from '@aws-sdk/client-ecs';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { z } from 'zod';
import { systemClock } from '../../adapters/system-clock.ts';
import { type Child, startChild } from '../../local/child.ts';
import { type Interpretation, interpret, type Json, type TaskHandler } from '../../local/interpret.ts';
import { LambdaError } from '../../local/lambda-error.ts';
import { loadDefinition } from '../../local/load-definition.ts';
import { LocalListers } from '../../local/local-listers.ts';
import { nestedExecution } from '../../local/tasks.ts';
import { startMetadataService } from '../support/metadata-service.ts';
import { rcloneForTests } from '../support/rclone.ts';
import { type LambdaProcess, startLambda } from './lambda-process.ts';
import { motoAccount } from './moto-server.ts';
import type { StackOnMoto } from './stack-on-moto.ts';

/** State, and the word in the names of its function, of its role and (in other letters) of its file. */
const lambdas: Readonly<Record<string, string>> = {
  Validate: 'Validate',
  Preflight: 'Preflight',
  'Raise fleet': 'RaiseFleet',
  'Read backlog': 'ReadBacklog',
  'Lower fleet': 'LowerFleet',
  'Plan verification': 'PlanVerification',
  'Verify shard': 'VerifyShard',
  Judge: 'Judge',
  'Enqueue shard repairs': 'EnqueueShardRepairs',
  'Clean up': 'CleanUp',
  Report: 'Report',
};

const Entries = z.object({
  Entries: z.tuple([z.object({ Source: z.string(), DetailType: z.string(), Detail: z.json() })]),
});

export type MotoMigration = {
  /** Runs the deployed definitions to their end; throws as an execution fails. */
  run(execution: { arn: string; name: string }, request: Json): Promise<Json>;
  /** What Clean up gave. */
  tidied(): Json;
  /** What every process wrote, for the eye and for secrets that should not be there. */
  logged(): string;
  close(): Promise<void>;
};

/**
 * The stack at work: each Lambda a process with the environment that CloudFormation gave it and the credentials of
 * its role, the lister and one worker as their containers' main.ts, all calls of AWS through `gateway`, which they find
 * by the AWS configuration file. States are in the order of the definitions, which the local interpreter runs.
 * `beforeCleanUp` is called with everything still there.
 */
export async function openMigration(
  stack: StackOnMoto,
  endpoints: { moto: string; gateway: string },
  beforeCleanUp: () => Promise<void>,
): Promise<MotoMigration> {
  const folder = await mkdtemp(join(tmpdir(), 'drover-moto-'));
  const AWS_CONFIG_FILE = join(folder, 'config');
  await writeFile(AWS_CONFIG_FILE, `[default]\nendpoint_url = ${endpoints.gateway}\nregion = us-east-1\n`);
  const through = (url = '') => new URL(new URL(url).pathname, endpoints.gateway).href;
  const asRole = (role: string, environment: Record<string, string>): Record<string, string> => ({
    ...environment,
    // moto names itself by what stood in front of it when the queue was made.
    QUEUE_URL: through(environment['QUEUE_URL']),
    FIFO_QUEUE_URL: through(environment['FIFO_QUEUE_URL']),
    AWS_CONFIG_FILE,
    AWS_SHARED_CREDENTIALS_FILE: join(folder, 'none'),
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_ACCESS_KEY_ID: role,
    AWS_SECRET_ACCESS_KEY: `secret-of-${role}`,
    HOME: folder,
  });
  const account = { ...motoAccount, endpoint: endpoints.moto };
  const metadata = await startMetadataService();
  const lines: string[] = [];
  const note = (line: object): void => void lines.push(JSON.stringify(line));

  const functions = new Map<string, LambdaProcess>();
  const functionOf = async (word: string): Promise<LambdaProcess> => {
    const started =
      functions.get(word) ??
      startLambda(
        word.replace(/\B[A-Z]/g, (letter) => `-${letter}`).toLowerCase(),
        asRole(`${word}Role`, await stack.environment.lambda(`${word}LambdaFunction`)),
      );
    functions.set(word, started);
    return started;
  };
  const invoke =
    (word: string): TaskHandler =>
    async (input) => {
      try {
        return z.json().parse(await (await functionOf(word)).invoke(input));
      } catch (error) {
        throw new LambdaError(error);
      }
    };

  const listerEnvironment = asRole('ListerTaskRole', await stack.environment.lister());
  const listers = new LocalListers({
    clock: systemClock,
    graceSeconds: 10,
    onNotice: (notice) => note({ notice }),
    start: (of) =>
      startChild(
        'lister',
        { ...listerEnvironment, SHARD_ROWS: '120', ...of },
        join(folder, 'lister.log'),
        note,
      ),
  });

  const AutoScalingGroupName = stack.id('WorkerGroup');
  const scaling = new AutoScalingClient(account);
  const instances = async (): Promise<string[]> => {
    const command = new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [AutoScalingGroupName] });
    const [group] = (await scaling.send(command)).AutoScalingGroups ?? [];
    return (group?.Instances ?? []).flatMap(({ InstanceId }) => InstanceId ?? []);
  };
  let worker: Child | null = null;
  let tidied: Json = null;
  const bootWorker = async (): Promise<void> => {
    const [instance = ''] = await instances();
    metadata.items['instance-id'] = instance;
    const environment = {
      ...asRole('WorkerRole', stack.environment.worker()),
      WORKER: instance,
      INSTANCE_METADATA: metadata.endpoint,
      RCLONE: await rcloneForTests(),
      POLL_SECONDS: '1',
      LEASE_SECONDS: '6',
      RETRY_BASE_SECONDS: '0.1',
    };
    worker = startChild('worker', environment, join(folder, 'worker.log'), note);
  };

  const events = new EventBridgeClient(account);
  /** Step Functions writes the address of the machine into every event that it sends. */
  const announce =
    (machine: string): TaskHandler =>
    async (input) => {
      const [{ Source, DetailType, Detail }] = Entries.parse(input).Entries;
      const entry = { Source, DetailType, Detail: JSON.stringify(Detail), Resources: [stack.id(machine)] };
      await events.send(new PutEventsCommand({ Entries: [entry] }));
      return {};
    };

  const [migrate, drain] = await Promise.all([loadDefinition('migrate'), loadDefinition('drain')]);
  const steps = Object.fromEntries(Object.entries(lambdas).map(([state, word]) => [state, invoke(word)]));

  async function leaveThingsBehind(migration: string): Promise<void> {
    const ecs = new ECSClient(account);
    const tags = [{ key: 'drover:migration', value: migration }];
    // moto fails to run a task of the stack's own definition; what the lister is made of does not matter here.
    const family = 'left-behind';
    const containerDefinitions = [{ name: 'lister', image: 'lister', cpu: 1, memory: 16 }];
    await ecs.send(new RegisterTaskDefinitionCommand({ family, containerDefinitions }));
    const cluster = stack.id('ListerCluster');
    await ecs.send(new RunTaskCommand({ cluster, taskDefinition: family, tags, launchType: 'FARGATE' }));
    ecs.destroy();
    const InstanceIds = await instances();
    await scaling.send(
      new SetInstanceProtectionCommand({ AutoScalingGroupName, InstanceIds, ProtectedFromScaleIn: true }),
    );
    await beforeCleanUp();
  }

  return {
    async run({ arn, name }, input) {
      const machine: Omit<Interpretation, 'definition' | 'input' | 'tasks'> = {
        execution: { id: arn, name },
        signal: new AbortController().signal,
        waitsMs: { 'Wait a minute': 300 },
        retriesMs: {},
      };
      const tasks: Record<string, TaskHandler> = {
        ...steps,
        'Raise fleet': async (given) => {
          const raised = await invoke('RaiseFleet')(given);
          await bootWorker();
          return raised;
        },
        'Lower fleet': async (given) => {
          const lowered = await invoke('LowerFleet')(given);
          metadata.items['autoscaling/target-lifecycle-state'] = 'Terminated';
          note({ worker: await worker?.ended });
          metadata.items['autoscaling/target-lifecycle-state'] = 'InService';
          return lowered;
        },
        'List source': listers.runTask,
        Drain: nestedExecution({
          ...machine,
          definition: drain,
          tasks: { ...steps, 'Announce stall': announce('DrainStateMachine') },
        }),
        'Clean up': async (given) => {
          await leaveThingsBehind(name).catch((error: unknown) => note({ broken: String(error) }));
          const cleaned = await invoke('CleanUp')(given);
          tidied = cleaned;
          return cleaned;
        },
        Announce: announce('MigrateStateMachine'),
        'Announce refusal': announce('MigrateStateMachine'),
      };
      return interpret({ ...machine, definition: migrate, input, tasks });
    },
    tidied: () => tidied,
    logged: () => [...lines, ...[...functions.values()].map((one) => one.logged())].join('\n'),
    async close() {
      worker?.kill();
      await listers.killAll();
      await Promise.all([...functions.values()].map((one) => one.stop()));
      await metadata.stop();
      for (const client of [scaling, events]) client.destroy();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
