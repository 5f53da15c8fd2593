import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DiskJobStore } from '../../adapters/disk/job-store.ts';
import { jobLayout } from '../../core/job-layout.ts';
import { address, rowOf, storeInventory } from '../support/sample-migration.ts';

let folder: string;
let right: Record<string, string>;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drover-container-'));
  const secrets = join(folder, 'secrets.json');
  await writeFile(secrets, '{}', { mode: 0o600 });
  right = {
    JOB_STORE: `disk:${folder}`,
    QUEUE_URL: 'http://127.0.0.1:9/000000000000/drover',
    QUEUE_ENDPOINT: 'http://127.0.0.1:9',
    SECRETS_FILE: secrets,
    RCLONE: join(folder, 'no-rclone'),
    MIGRATION: address.migration,
    FOLDER: address.folder,
  };
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

/** Runs a container as it is deployed, with this environment and nothing else. */
async function run(container: 'lister' | 'worker', environment: Record<string, string>) {
  const script = new URL(`../../containers/${container}/main.ts`, import.meta.url).pathname;
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script], {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said.stderr += text;
  });
  const [code] = await once(child, 'close');
  const lines = said.stdout.split('\n').filter((line) => line !== '');
  return {
    code,
    stderr: said.stderr,
    events: lines.map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}

describe.each(['lister', 'worker'] as const)('the %s', (container) => {
  const needed = {
    lister: ['JOB_STORE', 'QUEUE_URL', 'MIGRATION', 'FOLDER'],
    worker: ['JOB_STORE', 'QUEUE_URL', 'RCLONE'],
  }[container];

  it('without an environment names every variable it needs, a line each, and exits 1', async () => {
    const { code, stderr, events } = await run(container, {});
    expect([code, stderr]).toEqual([1, '']);
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({ event: `${container}-broken` });
    const reasons = String(events[0]?.['reason']).split('\n');
    const named = reasons.flatMap((line) => /^(?:Error: )?([A-Z_]+): \S/.exec(line)?.[1] ?? []);
    expect(named).toEqual(needed);
  });

  it('with a wrong environment says what is wrong with each variable, and nothing of the right ones', async () => {
    const wrong: [variable: string, value: string, words: string][] = [
      ['JOB_STORE', 'ftp://bucket', 'must be "s3://" and a bucket, or "disk:" and a folder'],
      ['QUEUE_URL', 'drover', 'Invalid URL'],
      ['QUEUE_ENDPOINT', 'nowhere', 'Invalid URL'],
      ['SECRETS_FILE', '', 'Too small'],
      ...({
        lister: [
          ['FOLDER', '', 'Too small'],
          ['SHARD_ROWS', 'many', 'expected number'],
        ],
        worker: [
          ['WORKER', '../up', 'must match pattern'],
          ['FILES_IN_FLIGHT', '1.5', 'expected int'],
          ['LEASE_SECONDS', '50000', 'Too big'],
          ['POLL_SECONDS', '21', 'Too big'],
        ],
      }[container] as [string, string, string][]),
    ];
    const values = Object.fromEntries(wrong.map(([variable, value]) => [variable, value]));
    const { code, events } = await run(container, { ...right, ...values });
    expect([code, events.length]).toEqual([1, 1]);
    const reasons = String(events[0]?.['reason'])
      .replace(/^Error: /, '')
      .split('\n');
    const given = reasons.filter((line) => /^[A-Z_]+: /.test(line));
    expect(given).toEqual(
      wrong.map(([variable, , words]) => expect.stringMatching(new RegExp(`^${variable}: .*${words}`))),
    );
  });
});

describe.each(['lister', 'worker'] as const)('the %s needs one place for its secrets', (container) => {
  it.each([
    ['none', { SECRETS_FILE: undefined }],
    ['two', { SECRET_PREFIX: 'stage/' }],
  ])('%s is refused, and it exits 1', async (_, changes) => {
    const given = Object.entries({ ...right, ...changes }).filter(([, value]) => value !== undefined);
    const { code, events } = await run(container, Object.fromEntries(given) as Record<string, string>);
    expect(code).toBe(1);
    expect(events.at(-1)).toMatchObject({
      event: `${container}-broken`,
      reason: expect.stringMatching(/SECRET_PREFIX .* or SECRETS_FILE .*: set one of them, and only one/),
    });
  });
});

describe('the lister', () => {
  it('without a plan leaves its last words in the job store, and exits 1', async () => {
    const { code, events } = await run('lister', right);
    expect(code).toBe(1);
    const store = new DiskJobStore(folder);
    const words = await store.read(jobLayout.listingError(address.folder));
    const written: unknown = JSON.parse(new TextDecoder().decode(words?.bytes));
    expect(written).toEqual({
      name: 'ListingFailed',
      message: expect.stringContaining(
        `there is no plan at ${store.address(jobLayout.plan(address.folder))}`,
      ),
      final: false,
    });
    expect(events).toMatchObject([{ event: 'listing-failed', name: 'ListingFailed' }]);
  });

  it('that finds the listing complete has nothing to do, and exits 0', async () => {
    await storeInventory(new DiskJobStore(folder), [[rowOf('a', 'x')]]);
    const { code, events } = await run('lister', right);
    expect(code).toBe(0);
    expect(events).toMatchObject([
      { event: 'listed', objects: 1 },
      { event: 'listing-found', migration: address.migration },
    ]);
  });
});

describe('the worker', () => {
  it('without its rclone says so, and exits 1', async () => {
    const { code, events } = await run('worker', right);
    expect(code).toBe(1);
    expect(events.at(-1)).toMatchObject({
      event: 'worker-broken',
      reason: expect.stringContaining('no-rclone'),
    });
  });
});
