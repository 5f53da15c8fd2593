import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../adapters/system-clock.ts';
import { Report } from '../../core/report/report.ts';
import { rcloneForTests } from '../support/rclone.ts';
import {
  contentOf,
  destinationKeys,
  sourceKeys,
  type TwoBuckets,
  twoBuckets,
} from '../support/two-buckets.ts';

let buckets: TwoBuckets;
beforeEach(async () => {
  buckets = await twoBuckets();
});
afterEach(async () => {
  await buckets.close();
});

type Ended = { code: number | null; stdout: string; stderr: string };

/** Starts the command line as a person does, by its JavaScript entry. */
async function drover(
  ...argv: string[]
): Promise<{ child: ChildProcess; ended: Promise<Ended>; stderr(): string }> {
  const child = spawn(
    process.execPath,
    [new URL('../../local/drover.js', import.meta.url).pathname, ...argv],
    {
      cwd: buckets.out,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, DROVER_RCLONE: await rcloneForTests() },
    },
  );
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  const ended = once(child, 'close').then(([code]) => ({ code, stdout, stderr }));
  return { child, ended, stderr: () => stderr };
}

async function run(request: unknown, ...more: string[]): Promise<Ended> {
  await writeFile(
    join(buckets.out, 'request.json'),
    typeof request === 'string' ? request : JSON.stringify(request),
  );
  return (
    await drover('run', '--input', 'request.json', '--secrets', 'secrets.json', '--out', 'runs', ...more)
  ).ended;
}

/** What the migration made beside the files that were there before. */
async function made(): Promise<string[]> {
  return (await readdir(buckets.out)).filter((name) => name !== 'secrets.json' && name !== 'request.json');
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await systemClock.sleep(20);
}

describe('drover run', { timeout: 120_000 }, () => {
  it('exits 0 and gives the report as the last line of standard output', async () => {
    await buckets.put('a', 'x');
    await buckets.put('b//c', 'y');
    const { code, stdout, stderr } = await run(buckets.request, '--json', '--workers', '1');
    expect(code, stderr).toBe(0);
    const report = Report.parse(JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? ''));
    expect(report).toMatchObject({
      status: 'SUCCEEDED',
      error: null,
      listed: { objects: 2 },
      outcomes: { copied: { objects: 2, bytes: 2 } },
    });
    expect(stdout.trimEnd().split('\n')).toHaveLength(1);
    expect(stderr).toContain('Every one of 2 objects arrived');
    const kept = JSON.parse(
      await readFile(join(buckets.out, 'runs/migrations', report.migration, 'report.json'), 'utf8'),
    );
    expect(kept).toEqual(report);
    expect(
      await readFile(join(buckets.out, 'runs/migrations', report.migration, 'report.html'), 'utf8'),
    ).toContain('Every one of 2 objects arrived');
    const events = await readFile(join(buckets.out, 'runs/logs', report.migration, 'events.jsonl'), 'utf8');
    expect(JSON.parse(events)).toMatchObject({
      DetailType: 'Migration Succeeded',
      Detail: { migration: report.migration, outcomes: report.outcomes },
    });
  });

  it('exits 3 when objects end as exceptions', async () => {
    await buckets.put('open', 'x');
    await buckets.put('shut', 'y');
    buckets.source.faults.deny = [{ bucket: 'from-here', operation: 'GetObject', keyPrefix: 'shut' }];
    const { code, stderr } = await run(buckets.request);
    expect(code, stderr).toBe(3);
    expect(stderr).toContain('shut');
    expect(stderr).toContain('Allow the source credentials to read this object');
  });

  const wrong: [string, (request: TwoBuckets['request']) => unknown, string][] = [
    [
      'an unknown field',
      (request) => ({ ...request, bacth: {} }),
      'bacth is not a field of the request (found {}). Remove it or mend its spelling.',
    ],
    [
      'a wrong type',
      (request) => ({ ...request, verify: { repairRounds: 'three' } }),
      'verify.repairRounds is "three", but must be a number.',
    ],
    [
      'a batch of 0',
      (request) => ({ ...request, batch: { maxObjects: 0 } }),
      'batch.maxObjects is 0, but must be from 1 to 1000.',
    ],
    [
      'no destination bucket',
      ({ source }) => ({ source, destination: {} }),
      'destination.bucket is missing.',
    ],
    ['no JSON', () => '{ "source": ', 'is not JSON'],
    [
      'source and destination that overlap',
      (request) => ({
        ...request,
        destination: {
          ...request.destination,
          bucket: 'from-here',
          endpoint: buckets.source.endpoint,
          prefix: 'copy/',
        },
      }),
      'overlaps the source (the same bucket, prefix "")',
    ],
    [
      'a secret that is not there',
      (request) => ({
        ...request,
        source: {
          ...request.source,
          secrets: { accessKey: '/no/such', secretKey: '/to/secret', endpoint: '/to/access' },
        },
      }),
      '"/no/such"',
    ],
  ];
  it.each(wrong)(
    'exits 2 at %s, with one message that names it, before anything is touched',
    async (_, change, message) => {
      const { code, stdout, stderr } = await run(change(buckets.request), '--json');
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toContain(message);
      expect(stderr.trimEnd().split('\n')).toHaveLength(1);
      expect(await made()).toEqual([]);
      expect(buckets.source.requests.snapshot().byOperation).toEqual({});
      expect(buckets.destination.requests.snapshot().byOperation).toEqual({});
    },
  );

  it('exits 2 at a placeholder, and at a secrets file that others can read', async () => {
    await buckets.writeSecrets({ '/migration/source_secret_key': 'REPLACE_ME' });
    const placeholder = await run(buckets.request);
    expect(placeholder.code).toBe(2);
    expect(placeholder.stderr).toContain(
      'secret /migration/source_secret_key (source.secrets.secretKey) still holds a placeholder',
    );
    await buckets.writeSecrets();
    await chmod(buckets.secretsFile, 0o644);
    const readable = await run(buckets.request);
    expect(readable.code).toBe(2);
    expect(readable.stderr).toContain('chmod 600');
    expect(await made()).toEqual([]);
  });

  const refused: [string, () => void | Promise<void>, string, string][] = [
    [
      'an unreachable source',
      () => buckets.writeSecrets({ '/migration/source_endpoint': 'http://127.0.0.1:9' }),
      'SourceUnreachable',
      'does not answer',
    ],
    [
      'wrong source credentials',
      () => buckets.writeSecrets({ '/migration/source_secret_key': 'wrong-wrong-wrong' }),
      'SourceDenied',
      'refuses the credentials',
    ],
    [
      'a missing source bucket',
      () => void Object.assign(buckets.request.source, { bucket: 'not-here' }),
      'SourceUnreachable',
      'has no bucket "not-here"',
    ],
    [
      'a missing destination bucket',
      () => void Object.assign(buckets.request.destination, { bucket: 'not-there' }),
      'DestinationUnreachable',
      'has no bucket "not-there"',
    ],
    [
      'a destination that may not be written',
      () => {
        buckets.destination.faults.deny = [{ bucket: 'to-there', operation: 'PutObject' }];
      },
      'DestinationDenied',
      'may not write (s3:PutObject)',
    ],
  ];
  it.each(refused)(
    'exits 1 at %s, with that cause from Preflight and nothing copied',
    async (_, spoil, name, message) => {
      await buckets.put('a', 'x');
      await spoil();
      const { code, stdout, stderr } = await run(buckets.request, '--json');
      expect(code, stderr).toBe(1);
      const report = Report.parse(JSON.parse(stdout));
      expect(report.status).toBe('FAILED');
      expect(report.error).toMatchObject({ name, state: 'Preflight' });
      expect(report.error?.message).toContain(message);
      expect(stderr).toContain(name);
      buckets.destination.faults.deny = [];
      expect((await contentOf(buckets.to)).size).toBe(0);
    },
  );

  it('resumes after it was killed with everything it started, and nothing of it stays behind', async () => {
    for (let n = 0; n < 60; n++) await buckets.put(`k${n}`, `v${n}`);
    buckets.source.faults.latencyMs = { list: 0, read: 100, write: 0 };
    await writeFile(join(buckets.out, 'request.json'), JSON.stringify(buckets.request));
    const argv = [
      'run',
      '--input',
      'request.json',
      '--secrets',
      'secrets.json',
      '--out',
      'runs',
      '--id',
      'night',
      '--workers',
      '1',
      '--json',
    ];
    const first = await drover(...argv);
    await until(async () => buckets.destination.requests.count('PutObject') > 10);
    const pid = Number(await readFile(join(buckets.out, 'runs/logs/night/running.pid'), 'utf8'));
    process.kill(pid, 'SIGKILL');
    await first.ended;
    const left = async (): Promise<string[]> => {
      const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
      const lines = await Promise.all(
        names.map((name) => readFile(`/proc/${name}/environ`, 'utf8').catch(() => '')),
      );
      return lines.filter((line) => line.includes(`disk:${join(buckets.out, 'runs')}`));
    };
    await until(async () => (await left()).length === 0);
    buckets.source.faults.latencyMs = { list: 0, read: 0, write: 0 };
    const { code, stdout, stderr } = await (await drover(...argv)).ended;
    expect(code, stderr).toBe(0);
    const report = Report.parse(JSON.parse(stdout));
    expect(report.outcomes.copied.objects).toBe(60);
    expect(report.verification, 'what was queued is still queued').toMatchObject({ rounds: 1, repaired: 0 });
    expect(await contentOf(buckets.to)).toEqual(await contentOf(buckets.from));
  });

  it('stops cleanly at Ctrl-C, says how to go on, and goes on', async () => {
    for (let n = 0; n < 60; n++) await buckets.put(`k${n}`, `v${n}`);
    buckets.source.faults.latencyMs = { list: 0, read: 100, write: 0 };
    await writeFile(join(buckets.out, 'request.json'), JSON.stringify(buckets.request));
    const argv = [
      'run',
      '--input',
      'request.json',
      '--secrets',
      'secrets.json',
      '--out',
      'runs',
      '--id',
      'noon',
      '--workers',
      '1',
    ];
    const first = await drover(...argv);
    await until(async () => buckets.destination.requests.count('PutObject') > 10);
    const pid = Number(await readFile(join(buckets.out, 'runs/logs/noon/running.pid'), 'utf8'));
    process.kill(pid, 'SIGINT');
    const stopped = await first.ended;
    expect(stopped.code, stopped.stderr).toBe(130);
    expect(stopped.stderr).toContain('run the same command again to resume');
    const copied = buckets.destination.requests.count('PutObject');
    await systemClock.sleep(300);
    expect(buckets.destination.requests.count('PutObject'), 'nothing works on').toBe(copied);
    buckets.source.faults.latencyMs = { list: 0, read: 0, write: 0 };
    expect((await (await drover(...argv)).ended).code).toBe(0);
    expect(await contentOf(buckets.to)).toEqual(await contentOf(buckets.from));
  });

  it('shows no secret in the arguments of any process or in what it prints', async () => {
    for (let n = 0; n < 40; n++) await buckets.put(`k${n}`, `v${n}`);
    buckets.source.faults.latencyMs = { list: 0, read: 100, write: 0 };
    await writeFile(join(buckets.out, 'request.json'), JSON.stringify(buckets.request));
    const seen = new Set<string>();
    const { ended } = await drover(
      'run',
      '--input',
      'request.json',
      '--secrets',
      'secrets.json',
      '--out',
      'runs',
      '--workers',
      '1',
      '--json',
    );
    let over = false;
    const result = ended.finally(() => {
      over = true;
    });
    while (!over) {
      for (const name of (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry))) {
        const [argv, environment] = await Promise.all(
          ['cmdline', 'environ'].map((file) => readFile(`/proc/${name}/${file}`, 'latin1').catch(() => '')),
        );
        if (/rclone|drover|containers/.test(argv ?? '')) seen.add(`${argv}\0${environment}`);
      }
      await systemClock.sleep(30);
    }
    const { code, stdout, stderr } = await result;
    expect(code).toBe(0);
    expect(
      [...seen].some((text) => text.includes('rcd')),
      'rclone was looked at',
    ).toBe(true);
    for (const value of [sourceKeys, destinationKeys].flatMap(({ accessKey, secretKey }) => [
      accessKey,
      secretKey,
    ])) {
      for (const text of [...seen, stdout, stderr]) expect(text.includes(value)).toBe(false);
    }
  });
});
