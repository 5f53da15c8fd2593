import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { isBuiltin } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DiskJobStore } from '../../adapters/disk/job-store.ts';
import { bundle, type ContainerName } from '../../containers/bundle.ts';
import { Listing } from '../../core/inventory/checkpoint.ts';
import { ListingError } from '../../core/inventory/listing-error.ts';
import { jobLayout } from '../../core/job-layout.ts';
import { decodeJson, encodeJson } from '../../core/json-lines.ts';
import { MigrationPlan } from '../../core/migration.ts';
import { type QueueServer, startQueueServer } from '../../local/queue-server.ts';
import { startMetadataService } from '../support/metadata-service.ts';
import { isRunning, until } from '../support/processes.ts';
import { rcloneForTests } from '../support/rclone.ts';
import { address, samplePlan } from '../support/sample-migration.ts';
import {
  contentOf,
  destinationKeys,
  sourceKeys,
  type TwoBuckets,
  twoBuckets,
} from '../support/two-buckets.ts';

type Line = { event: string } & Record<string, unknown>;
/** A container's process: what it logged, what it wrote to standard error, how it ended. */
type Run = { process: ChildProcess; lines: Line[]; errors: string[]; ended: Promise<number | null> };

let folder: string;
let buckets: TwoBuckets;
let queue: QueueServer;
let place: Record<string, string>;
const runs: Run[] = [];

/** Runs the bundle from a folder that holds nothing else, with no variable but those given. */
async function runAlone(name: ContainerName, environment: Record<string, string>): Promise<Run> {
  const alone = await mkdtemp(join(folder, `${name}-`));
  await copyFile(join(folder, name, 'main.mjs'), join(alone, 'main.mjs'));
  const child = spawn(process.execPath, ['main.mjs'], {
    cwd: alone,
    env: { ...place, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: Line[] = [];
  const errors: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(JSON.parse(line)));
  createInterface({ input: child.stderr }).on('line', (line) => errors.push(line));
  const ended = once(child, 'close').then(() => child.exitCode);
  const run = { process: child, lines, errors, ended };
  runs.push(run);
  return run;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drover-bundle-'));
  await Promise.all([bundle('lister', folder), bundle('worker', folder)]);
  buckets = await twoBuckets();
  await mkdir(join(folder, 'queue'));
  queue = await startQueueServer(join(folder, 'queue'));
  place = {
    JOB_STORE: `disk:${join(folder, 'jobs')}`,
    QUEUE_URL: queue.connection.queueUrl,
    QUEUE_ENDPOINT: queue.connection.endpoint,
    SECRETS_FILE: join(folder, 'secrets.json'),
    TMPDIR: folder,
  };
  const secrets = {
    '/from/key': sourceKeys.accessKey,
    '/from/secret': sourceKeys.secretKey,
    '/to/key': destinationKeys.accessKey,
    '/to/secret': destinationKeys.secretKey,
  };
  await writeFile(join(folder, 'secrets.json'), JSON.stringify(secrets), { mode: 0o600 });
  const keys = { accessKey: '/from/key', secretKey: '/from/secret' };
  const plan = samplePlan({
    request: {
      source: { bucket: 'from-here', endpoint: buckets.source.endpoint, secrets: keys },
      destination: {
        bucket: 'to-there',
        endpoint: buckets.destination.endpoint,
        secrets: { accessKey: '/to/key', secretKey: '/to/secret' },
      },
    },
  });
  await new DiskJobStore(join(folder, 'jobs')).write(jobLayout.plan(address.folder), encodeJson(plan));
  for (let n = 0; n < 50; n++) await buckets.put(`plain/${n}`, `content ${n}`);
  await buckets.put('hard//key', 'without rclone');
});
afterAll(async () => {
  for (const { process } of runs) process.kill('SIGKILL');
  await Promise.all(runs.map(({ ended }) => ended));
  await queue.stop();
  await buckets.close();
  await rm(folder, { recursive: true, force: true });
});

describe('the bundle of a container', () => {
  it('is one file, and the same bytes each time', async () => {
    const again = await mkdtemp(join(folder, 'again-'));
    for (const name of ['lister', 'worker'] as const) {
      await bundle(name, again);
      expect(await readdir(join(again, name))).toEqual(['main.mjs']);
      const [first, second] = await Promise.all(
        [folder, again].map((into) => readFile(join(into, name, 'main.mjs'))),
      );
      expect(second?.equals(first ?? Buffer.of())).toBe(true);
      expect(first?.length, 'a few MiB at most').toBeLessThan(4 * 1024 * 1024);
    }
  });

  it('imports nothing but what Node has built in', async () => {
    for (const name of ['lister', 'worker']) {
      const code = await readFile(join(folder, name, 'main.mjs'), 'utf8');
      const imported = [...code.matchAll(/^import\b[^;]*?\bfrom\s*["']([^"']+)["']/gm)].map(
        ([, from]) => from,
      );
      expect(imported.length).toBeGreaterThan(5);
      const strange = imported.filter((from) => !isBuiltin(from ?? ''));
      expect(strange).toEqual([]);
    }
  });

  it('lists a bucket to its end, with nothing beside it but Node', async () => {
    const run = await runAlone('lister', { MIGRATION: address.migration, FOLDER: address.folder });
    expect([await run.ended, run.errors]).toEqual([0, []]);
    expect(run.lines.map(({ event }) => event)).toContain('listing-finished');
    const jobs = new DiskJobStore(join(folder, 'jobs'));
    const file = await jobs.read(jobLayout.listing(address.folder));
    expect(decodeJson(file?.bytes ?? Buffer.of(), Listing).listed.objects).toBe(51);
  });

  it('copies what was queued, says so in metrics, drains with its instance and leaves no rclone behind', {
    timeout: 60_000,
  }, async () => {
    const metadata = await startMetadataService();
    const asked: string[] = [];
    const group = createServer((request, response) => {
      request.on('data', (chunk) => {
        const action = new URLSearchParams(String(chunk)).get('Action');
        asked.push(String(action));
        response.end(`<${action}Response><${action}Result/></${action}Response>`);
      });
    });
    await new Promise<void>((resolve) => group.listen(0, '127.0.0.1', resolve));
    const run = await runAlone('worker', {
      RCLONE: await rcloneForTests(),
      POLL_SECONDS: '1',
      STAGE: 'test',
      INSTANCE_METADATA: metadata.endpoint,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'a',
      AWS_SECRET_ACCESS_KEY: 'b',
      AWS_ENDPOINT_URL_AUTO_SCALING: `http://127.0.0.1:${(group.address() as AddressInfo).port}`,
      WORKER_GROUP: 'drover-test-workers',
      LIFECYCLE_HOOK: 'drain',
    });
    const copied = () =>
      run.lines.findLast(({ event }) => event === 'settled')?.['copied'] as { objects: number } | undefined;
    await until('all 51 objects are copied', () => copied()?.objects === 51);
    const rclones = await rclonesUnder(run.process.pid ?? 0);
    expect(rclones.length).toBeGreaterThan(0);
    metadata.items['autoscaling/target-lifecycle-state'] = 'Terminated';
    expect([await run.ended, run.errors]).toEqual([0, []]);

    expect(await contentOf(buckets.to)).toEqual(await contentOf(buckets.from));
    expect(rclones.filter(isRunning)).toEqual([]);
    expect(asked.at(-1)).toBe('CompleteLifecycleAction');
    const metrics = run.lines.filter(({ event }) => event === 'metrics');
    const sum = (name: string) => metrics.reduce((total, line) => total + Number(line[name]), 0);
    expect([sum('ObjectsCopied'), sum('ObjectsFailed'), sum('FilesInFlight')]).toEqual([51, 0, 0]);
    expect(run.lines.map(({ event }) => event).slice(-3)).toEqual([
      'metrics',
      'worker-stopped',
      'instance-empty',
    ]);
    group.close();
    group.closeAllConnections();
    await metadata.stop();
  });

  it('leaves its last words when the thread that writes dies, and the next lister goes on', async () => {
    const jobs = new DiskJobStore(join(folder, 'jobs'));
    const again = { migration: 'again', folder: 'migrations/again' };
    const plan = decodeJson(
      (await jobs.read(jobLayout.plan(address.folder)))?.bytes ?? Buffer.of(),
      MigrationPlan,
    );
    await jobs.write(jobLayout.plan(again.folder), encodeJson({ ...plan, ...again }));
    const environment = { MIGRATION: again.migration, FOLDER: again.folder, CPU_UNITS: '2048' };
    // Loaded into the thread as well, which it ends at the first write that it is asked for.
    const dies = `import { isMainThread, parentPort } from 'node:worker_threads'; if (!isMainThread) parentPort.once('message', () => process.exit(3));`;
    const run = await runAlone('lister', {
      ...environment,
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(dies)}`,
    });
    expect(await run.ended).toBe(1);
    const words = await jobs.read(jobLayout.listingError(again.folder));
    expect(decodeJson(words?.bytes ?? Buffer.of(), ListingError)).toEqual({
      name: 'ListingFailed',
      message: expect.stringContaining('the thread of the job store ended with 3'),
      final: false,
    });
    const next = await runAlone('lister', environment);
    expect([await next.ended, next.errors]).toEqual([0, []]);
    const file = await jobs.read(jobLayout.listing(again.folder));
    expect(decodeJson(file?.bytes ?? Buffer.of(), Listing).listed.objects).toBe(51);
  });

  it('says which variables are missing', async () => {
    place = {};
    const run = await runAlone('worker', {});
    expect(await run.ended).toBe(1);
    expect(run.lines.map(({ event }) => event)).toEqual(['worker-broken']);
    expect(String(run.lines[0]?.['reason'])).toMatch(/JOB_STORE: is not set[\s\S]*QUEUE_URL[\s\S]*RCLONE/);
  });
});

/** Process ids of what a process has started. */
async function rclonesUnder(parent: number): Promise<number[]> {
  const children = await readFile(`/proc/${parent}/task/${parent}/children`, 'utf8');
  return children.trim().split(' ').map(Number);
}
