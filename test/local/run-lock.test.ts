import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lockRun } from '../../local/run-lock.ts';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drover-lock-'));
  path = join(folder, 'running.pid');
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});
const idle = ['-e', 'setInterval(() => {}, 1000)'];

describe('a migration', () => {
  it('is marked as running by this process, until it is not', async () => {
    const unlock = await lockRun(path, 'exit-ibm');
    expect(await readFile(path, 'utf8')).toBe(String(process.pid));
    await unlock();
    await expect(readFile(path)).rejects.toThrow('ENOENT');
    await (await lockRun(path, 'exit-ibm'))();
  });

  it('is not run twice at a time', async () => {
    const other = spawn(process.execPath, idle, { stdio: 'ignore' });
    await writeFile(path, String(other.pid));
    await expect(lockRun(path, 'exit-ibm')).rejects.toMatchObject({
      name: 'StackBusy',
      message: `migration "exit-ibm" is being run by process ${other.pid}. Wait for it, or stop it and run this again: it resumes.`,
    });
    expect(await readFile(path, 'utf8')).toBe(String(other.pid));
    other.kill('SIGKILL');
    await once(other, 'exit');
    await (await lockRun(path, 'exit-ibm'))();
  });

  it.each([
    ['of a process that is gone', () => String(spawnSync(process.execPath, ['-e', '']).pid)],
    ['of a process of this very number, before the machine went down', () => String(process.pid)],
    ['that was cut off', () => ''],
    ['that is no number', () => 'x'],
  ])('is run in spite of a mark %s', async (_, mark) => {
    await writeFile(path, mark());
    const unlock = await lockRun(path, 'exit-ibm');
    expect(await readFile(path, 'utf8')).toBe(String(process.pid));
    await unlock();
  });

  it('is not run twice by two users either: a process that may not be signalled lives', async () => {
    // Process 1 belongs to root; whoever is somebody else may not signal it.
    await writeFile(path, '1');
    await chmod(folder, 0o777);
    const module = new URL('../../local/run-lock.ts', import.meta.url).href;
    const script = `
      const { lockRun } = await import(${JSON.stringify(module)});
      if (process.getuid() === 0) process.setuid(65534);
      const said = await lockRun(${JSON.stringify(path)}, 'm').then(() => 'locked', ({ name }) => name);
      process.stdout.write(said);`;
    const { stdout, stderr } = spawnSync(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script],
      { encoding: 'utf8' },
    );
    expect([stdout, stderr]).toEqual(['StackBusy', '']);
  });

  it('that cannot be marked says why', async () => {
    await expect(lockRun(join(folder, 'nowhere', 'running.pid'), 'm')).rejects.toThrow('ENOENT');
  });
});
