import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const script = new URL('../../../containers/worker/user-data.sh', import.meta.url).pathname;
const image = `123456789012.dkr.ecr.eu-west-1.amazonaws.com/drover-dev/worker@sha256:${'a'.repeat(64)}`;

/** Stands for the programs of the machine: notes how it was called, and answers as they would. */
const standIn = String.raw`#!/bin/bash
name=$(basename "$0")
{ printf '%s' "$name"; printf '\t%s' "$@"; printf '\n'; } >>"$RECORD"
case "$name $*" in
*latest/api/token) printf 'the-token' ;;
*meta-data/instance-id) [[ "$*" == *'X-aws-ec2-metadata-token: the-token'* ]] && printf 'i-0abc' ;;
docker\ pull*)
  cp "$DOCKER_CONFIG/config.json" "$RECORD.config" 2>/dev/null
  [ "$(grep -c ^docker.pull "$RECORD")" -gt "$PULLS_THAT_FAIL" ] ;;
esac
`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'drover-user-data-'));
  writeFileSync(join(folder, 'stand-in'), standIn);
  chmodSync(join(folder, 'stand-in'), 0o755);
  for (const name of ['systemctl', 'curl', 'dnf', 'docker', 'sleep', 'shutdown'])
    symlinkSync('stand-in', join(folder, name));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Runs the script as cloud-init would, with the exports of the launch template before it. */
function boot(more: Record<string, string> = {}) {
  const exports = {
    AWS_REGION: 'eu-west-1',
    STAGE: 'dev',
    WORKER_IMAGE: image,
    LOG_GROUP: '/migration/workers/dev',
    JOB_STORE: 's3://jobs',
    QUEUE_URL: 'https://sqs.eu-west-1.amazonaws.com/123456789012/drover-dev',
    SECRET_PREFIX: '/drover/dev',
    WORKER_GROUP: 'drover-dev-workers',
    LIFECYCLE_HOOK: 'drain',
    PULLS_THAT_FAIL: '0',
    ...more,
  };
  const { status, stderr } = spawnSync('bash', [script], {
    encoding: 'utf8',
    env: { ...exports, PATH: `${folder}:/usr/bin:/bin`, RECORD: join(folder, 'record'), TMPDIR: folder },
  });
  const calls = readFileSync(join(folder, 'record'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t'));
  return { status, stderr, calls, names: calls.map(([name, first]) => `${name} ${first}`) };
}

describe('the first boot of a worker’s machine', () => {
  it('puts the agent away, logs in by the helper, pulls by digest and runs the worker, in this order', () => {
    const { status, stderr, names, calls } = boot();
    expect([status, stderr]).toEqual([0, '']);
    expect(names).toEqual([
      'systemctl mask',
      'systemctl start',
      'curl --silent',
      'curl --silent',
      'dnf install',
      'docker pull',
      'docker run',
    ]);
    expect(calls[5]).toEqual(['docker', 'pull', '--quiet', image]);
    expect(JSON.parse(readFileSync(join(folder, 'record.config'), 'utf8'))).toEqual({
      credHelpers: { '123456789012.dkr.ecr.eu-west-1.amazonaws.com': 'ecr-login' },
    });
  });

  it('runs a container that may do little, on the host’s network, within the machine’s memory', () => {
    const run = boot().calls.at(-1)?.join(' ') ?? '';
    for (const option of [
      '--init',
      '--restart on-failure',
      '--stop-timeout 120',
      '--network host',
      '--read-only',
      '--cap-drop ALL',
      '--security-opt no-new-privileges',
      '--log-driver awslogs',
      '--log-opt awslogs-region=eu-west-1',
      '--log-opt awslogs-group=/migration/workers/dev',
      '--log-opt awslogs-stream=i-0abc',
    ])
      expect(run).toContain(` ${option} `);
    const limit = Number(/ --memory (\d+)m --memory-swap \1m /.exec(run)?.[1]);
    expect(Math.abs(limit - (totalmem() / 1024 ** 2 - 384))).toBeLessThanOrEqual(1);
    expect(run.endsWith(` ${image}`)).toBe(true);
  });

  it('hands the worker all that its stack says, and where its instance is told of', () => {
    const run = boot().calls.at(-1) ?? [];
    const given = run.flatMap((word, at) => (run[at - 1] === '--env' ? [word] : []));
    expect(given).toEqual([
      'AWS_REGION',
      'STAGE',
      'JOB_STORE',
      'QUEUE_URL',
      'FIFO_QUEUE_URL',
      'SECRET_PREFIX',
      'WORKER_GROUP',
      'LIFECYCLE_HOOK',
      'WORKER=i-0abc',
      'INSTANCE_METADATA=http://169.254.169.254',
    ]);
  });

  it('needs no login for an image from elsewhere', () => {
    const { status, names } = boot({ WORKER_IMAGE: `ghcr.io/example/worker@sha256:${'b'.repeat(64)}` });
    expect(status).toBe(0);
    expect(names).not.toContain('dnf install');
  });

  it('tries again when the registry does not answer', () => {
    const { status, names } = boot({ PULLS_THAT_FAIL: '2' });
    expect(status).toBe(0);
    expect(names.filter((name) => name === 'docker pull')).toHaveLength(3);
  });

  it('gives the machine up when the image cannot be had, so that the group replaces it', () => {
    const { status, stderr, calls } = boot({ PULLS_THAT_FAIL: '9' });
    expect(status).not.toBe(0);
    expect(stderr).toContain('the worker could not be started');
    expect(calls.at(-1)).toEqual(['shutdown', '-h', '+1']);
    expect(calls.some(([, word]) => word === 'run')).toBe(false);
  });

  it('gives the machine up when its stack told it too little', () => {
    const { status, stderr, calls } = boot({ WORKER_IMAGE: '' });
    expect(status).toBe(1);
    expect(stderr).toContain('WORKER_IMAGE is not set by the launch template');
    expect(calls).toEqual([['shutdown', '-h', '+1']]);
  });

  it('has nothing in it that serverless or CloudFormation would take for a variable of theirs', () => {
    expect(readFileSync(script, 'utf8')).not.toMatch(/\$\{/);
  });
});
