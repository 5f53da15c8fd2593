import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { DiskJobStore } from '../../../adapters/disk/job-store.ts';
import { WriteLock } from '../../../adapters/disk/write-lock.ts';
import { jobStoreConformance } from '../../conformance/job-store.ts';
import { collected } from '../../conformance/object-store.ts';

const run = promisify(execFile);
const newFolder = () => mkdtemp(join(tmpdir(), 'drover-jobs-'));
const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});
async function openStore() {
  const folder = await newFolder();
  folders.push(folder);
  return { folder, store: new DiskJobStore(folder) };
}

jobStoreConformance('disk', async () => {
  const folder = await newFolder();
  return {
    store: new DiskJobStore(folder),
    addressPrefix: `${folder}/`,
    close: () => rm(folder, { recursive: true }),
  };
});

describe('a job store in a folder', () => {
  it('loses no conditional write of two processes to each other', async () => {
    const { folder, store } = await openStore();
    await store.write('count', Buffer.from('0'));
    const process1 = run(process.execPath, [
      join(import.meta.dirname, 'write-once.ts'),
      folder,
      'count',
      '60',
    ]);
    const process2 = run(process.execPath, [
      join(import.meta.dirname, 'write-once.ts'),
      folder,
      'count',
      '60',
    ]);
    const won = (await Promise.all([process1, process2])).map(({ stdout }) => Number(stdout));
    const counted = Number(Buffer.from((await store.read('count'))?.bytes ?? []).toString());
    expect(counted).toBe((won[0] ?? 0) + (won[1] ?? 0));
    expect(counted).toBeGreaterThanOrEqual(60);
  });

  it('refuses paths that leave the folder or meet the store’s own files', async () => {
    const { store } = await openStore();
    const bad = [
      '',
      '/etc/passwd',
      '../x',
      'a/../../x',
      'a/./x',
      'a//x',
      'a/',
      'a\0b',
      'a\\b',
      '.drover/lock',
      '..',
    ];
    for (const path of bad) {
      await expect(store.read(path), path).rejects.toThrow('is no path of a job store');
      await expect(store.write(path, Buffer.from('x')), path).rejects.toThrow('is no path of a job store');
      await expect(store.delete(path), path).rejects.toThrow('is no path of a job store');
      await expect(store.stream(path), path).rejects.toThrow('is no path of a job store');
      expect(() => store.address(path), path).toThrow('is no path of a job store');
    }
  });

  it('does not list its own files and leaves none half-written', async () => {
    const { folder, store } = await openStore();
    await store.write('a', Buffer.from('x'));
    await expect(store.write('a', Buffer.from('y'), { replaces: null })).rejects.toThrow('exists already');
    expect(await collected(store.list(''))).toEqual(['a']);
    expect(await readdir(join(folder, '.drover', 'partial'))).toEqual([]);
  });

  it('sweeps what a killed process left half-written a day ago, and nothing younger', async () => {
    const { folder, store } = await openStore();
    const partial = join(folder, '.drover', 'partial');
    await mkdir(partial, { recursive: true });
    await writeFile(join(partial, 'old'), 'half');
    await writeFile(join(partial, 'young'), 'half');
    await utimes(join(partial, 'old'), 0, 0);
    await store.write('a', Buffer.from('x'));
    expect(await readdir(partial)).toEqual(['young']);
  });

  it('takes the lock over from a process that was killed while it held it', async () => {
    const { folder, store } = await openStore();
    await store.write('a', Buffer.from('x'));
    const lock = join(folder, '.drover', 'lock');
    const holdAndDie = `
      import { WriteLock } from ${JSON.stringify(join(import.meta.dirname, '../../../adapters/disk/write-lock.ts'))};
      await new WriteLock(${JSON.stringify(lock)}).hold(() => process.kill(process.pid, 'SIGKILL'));
    `;
    await expect(run(process.execPath, ['--input-type=module', '-e', holdAndDie])).rejects.toMatchObject({
      signal: 'SIGKILL',
    });
    await store.write('a', Buffer.from('y'));
    expect(Buffer.from((await store.read('a'))?.bytes ?? []).toString()).toBe('y');
  });

  it('frees the lock when the work under it fails', async () => {
    const { folder, store } = await openStore();
    await store.write('a', Buffer.from('x'));
    const lock = new WriteLock(join(folder, '.drover', 'lock'));
    const fails = () => {
      throw new Error('no space left');
    };
    await expect(lock.hold(fails)).rejects.toThrow('no space left');
    expect(await lock.hold(() => 'free')).toBe('free');
  });
});
