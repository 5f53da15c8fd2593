import { spawn } from 'node:child_process';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { RcloneDaemon } from '../../../adapters/rclone/rclone-daemon.ts';
import { systemClock } from '../../../adapters/system-clock.ts';
import { rcloneForTests } from '../../support/rclone.ts';
import { startRclone } from './two-stores.ts';

/** Whether a process runs; one that has ended and waits for its parent does not. */
async function runs(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return !/^State:\s+[ZX]/m.test(status);
}

describe('the rclone that is kept running', () => {
  const open: { stop(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const daemon of open.splice(0)) await daemon.stop();
  });
  async function start(more: Parameters<typeof startRclone>[1] = {}) {
    const said: string[] = [];
    const daemon = await startRclone((event) => void said.push(event), more);
    open.push(daemon);
    return { daemon, said };
  }

  it('answers, and tells its version', async () => {
    const { daemon } = await start();
    expect(await daemon.call('rc/noop', { a: 1 })).toEqual({ outcome: 'done', body: { a: 1 } });
    expect(daemon.version.major).toBe(1);
  });

  it('lets nobody in without the password, which no argument shows', async () => {
    const { daemon } = await start();
    const pid = await daemon.pid();
    const answer = await fetch(`http://127.0.0.1:${await portOf(pid)}/rc/noop`, { method: 'POST' });
    expect(answer.status).toBe(401);
    if (process.platform !== 'linux') return;
    const environment = await readFile(`/proc/${pid}/environ`, 'latin1');
    const password = /RCLONE_RC_PASS=([^\0]+)/.exec(environment)?.[1];
    expect(password).toMatch(/^.{32}$/);
    expect(await readFile(`/proc/${pid}/cmdline`, 'latin1')).not.toContain(password);
  });

  it('passes nothing of our environment on that could change what rclone does', async () => {
    vi.stubEnv('RCLONE_BWLIMIT', '1');
    vi.stubEnv('AWS_CA_BUNDLE', '/nowhere.pem');
    const { daemon } = await start();
    vi.unstubAllEnvs();
    expect(await daemon.call('core/bwlimit', {})).toMatchObject({ body: { rate: 'off' } });
  });

  it.runIf(process.platform === 'linux')(
    'knows how much memory it may take, and knows no more of ours',
    async () => {
      vi.stubEnv('GOMEMLIMIT', '1GiB');
      vi.stubEnv('GOGC', 'off');
      const { daemon } = await start({ memoryBytes: 300_000_000 });
      const bounded = await readFile(`/proc/${await daemon.pid()}/environ`, 'latin1');
      expect(bounded.split('\0').filter((variable) => variable.startsWith('GO'))).toEqual([
        'GOMEMLIMIT=300000000',
      ]);
      const { daemon: free } = await start();
      expect(await readFile(`/proc/${await free.pid()}/environ`, 'latin1')).not.toContain('GOMEMLIMIT');
    },
  );

  it('starts again after it died', async () => {
    const { daemon, said } = await start();
    const first = await daemon.pid();
    process.kill(first, 'SIGKILL');
    await vi.waitFor(async () => expect(await daemon.pid()).not.toBe(first), 10_000);
    expect(await daemon.call('rc/noop', {})).toMatchObject({ outcome: 'done' });
    expect(said).toContain('rclone-ended');
  });

  it('is replaced when it stays silent', async () => {
    const { daemon, said } = await start({ healthSeconds: 0.1 });
    const first = await daemon.pid();
    process.kill(first, 'SIGSTOP');
    await vi.waitFor(async () => expect(await daemon.pid()).not.toBe(first), 10_000);
    expect(said).toContain('rclone-silent');
    expect(await runs(first)).toBe(false);
  });

  it('keeps to a bandwidth that changes, without a restart and after one', async () => {
    const { daemon } = await start();
    const pid = await daemon.pid();
    const rate = async () => {
      const answer = await daemon.call('core/bwlimit', {});
      return answer.outcome === 'done' ? answer.body : answer;
    };
    await Promise.all([daemon.limitBandwidth(1_000_000), daemon.limitBandwidth(2_000_000)]);
    expect(await rate()).toMatchObject({ rate: '1.907Mi' });
    await daemon.limitBandwidth(4_000_000);
    expect(await rate()).toMatchObject({ rate: '3.815Mi' });
    expect(await daemon.pid()).toBe(pid);
    process.kill(pid, 'SIGKILL');
    await vi.waitFor(async () => expect(await daemon.pid()).not.toBe(pid), 10_000);
    expect(await rate()).toMatchObject({ rate: '3.815Mi' });
    await daemon.limitBandwidth(null);
    expect(await rate()).toMatchObject({ rate: 'off' });
  });

  it('ends with stop, and calls after that are lost', async () => {
    const { daemon } = await start();
    const pid = await daemon.pid();
    await daemon.stop();
    expect(await runs(pid)).toBe(false);
    expect(await daemon.call('rc/noop', {})).toEqual({ outcome: 'lost', reason: 'rclone was stopped' });
  });

  it.runIf(process.platform === 'linux')('dies with us, even when we are killed', async () => {
    const script = `
      const { startRclone } = await import(${JSON.stringify(new URL('./two-stores.ts', import.meta.url).href)});
      const daemon = await startRclone(() => undefined);
      console.log(await daemon.pid());
      await new Promise((resolve) => setTimeout(resolve, 60_000));`;
    const environment = { ...process.env, DROVER_RCLONE: await rcloneForTests() };
    const parent = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
      env: environment,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const pid = Number(
      await new Promise<string>((resolve) => parent.stdout.once('data', (d) => resolve(`${d}`))),
    );
    expect(await runs(pid)).toBe(true);
    parent.kill('SIGKILL');
    await vi.waitFor(async () => expect(await runs(pid)).toBe(false), 10_000);
  });

  it('says what is wrong when it cannot be started', async () => {
    const options = {
      setpriv: null,
      environment: process.env,
      clock: systemClock,
      log: () => undefined,
    };
    await expect(RcloneDaemon.start({ ...options, rclone: '/no/such/rclone' })).rejects.toThrow(
      '/no/such/rclone',
    );
    const broken = RcloneDaemon.start({ ...options, rclone: process.execPath });
    await expect(broken).rejects.toThrow('rclone ended with exit code 1');
  });
});

/** The port that a process listens on. */
async function portOf(pid: number): Promise<number> {
  const inodes = new Set<string>();
  for (const entry of await readdir(`/proc/${pid}/fd`)) {
    const target = await readlink(`/proc/${pid}/fd/${entry}`).catch(() => '');
    const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
    if (inode !== undefined) inodes.add(inode);
  }
  for (const line of (await readFile('/proc/net/tcp', 'utf8')).split('\n').slice(1)) {
    const fields = line.trim().split(/\s+/);
    if (fields[3] === '0A' && inodes.has(fields[9] ?? ''))
      return Number.parseInt(fields[1]?.split(':')[1] ?? '', 16);
  }
  throw new Error('the process listens on no port');
}
