import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BuildParts } from '../../plugins/images/build-images.ts';
import DroverImages from '../../plugins/images/plugin.ts';
import type { Template } from '../../plugins/osls.ts';

const repositories = { lister: 'registry.test/drover-dev/lister', worker: 'registry.test/drover-dev/worker' };
const digest = (tag: string): string => `sha256:${tag.padEnd(64, '0')}`;

let root: string;
let pushed: Map<string, string>;
let asked: string[][];
let said: string[];
let broken: string | null;
let bundles: Record<'lister' | 'worker', string>;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'drover-images-'));
  [pushed, asked, said, broken] = [new Map(), [], [], null];
  bundles = { lister: 'list();', worker: 'work();' };
  for (const name of ['lister', 'worker']) {
    await mkdir(join(root, 'containers', name), { recursive: true });
    await writeFile(join(root, 'containers', name, 'Dockerfile'), `FROM ${name}`);
  }
});
afterEach(async () => {
  await rm(root, { recursive: true });
});

/** A registry that has what was pushed, and a docker that pushes. */
const parts = (): Partial<BuildParts> => ({
  registry: {
    repositories: async () => repositories,
    digestOf: async (repository, tag) => pushed.get(`${repository}:${tag}`) ?? null,
    login: async () => ({ user: 'AWS', password: 'a-token', registry: 'https://registry.test' }),
  },
  docker: async (args, input = '') => {
    asked.push([...args, ...(input === '' ? [] : [`<${input}`])]);
    if (broken !== null && args.includes(broken)) throw new Error('docker is not on the PATH');
    const tag = args[args.indexOf('--tag') + 1] ?? '';
    if (args[1] === 'build') pushed.set(tag, digest(tag.split(':')[1] ?? ''));
  },
  bundle: async (name) => {
    const folder = join(root, 'bundles', name);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'main.mjs'), bundles[name]);
    return folder;
  },
});

/** Runs the plugin as osls does for a command, and gives the template's images. */
async function run(command: string, given: { lister?: string; worker?: string } = {}) {
  const template: Template = {
    Parameters: {
      ListerImage: { Default: given.lister ?? '' },
      WorkerImage: { Default: given.worker ?? '' },
    },
  };
  const plugin = new DroverImages(
    {
      serviceDir: root,
      service: { service: 'drover', provider: { compiledCloudFormationTemplate: template } },
      processedInput: { commands: command.split(' ') },
      classes: { Error },
      getProvider: () => ({
        getStage: () => 'dev',
        getAwsSdkV3Config: async () => ({}),
        naming: { getStackName: () => 'drover-dev', getCompiledTemplateFileName: () => 'template.json' },
      }),
    },
    {},
    { log: { notice: (text) => said.push(text), warning: (text) => said.push(text) } },
    parts(),
  );
  await plugin.hooks['after:aws:package:finalize:mergeCustomProviderResources']?.();
  return {
    plugin,
    template,
    images: [template.Parameters?.['ListerImage']?.Default, template.Parameters?.['WorkerImage']?.Default],
  };
}
const builds = () => asked.filter(([, word]) => word === 'build');

describe('sls deploy', () => {
  it('builds both images for arm64, pushes them and pins each by its digest', async () => {
    const { images } = await run('deploy');
    expect(images).toEqual([
      expect.stringMatching(/^registry\.test\/drover-dev\/lister@sha256:[0-9a-f]{20}0+$/),
      expect.stringMatching(/^registry\.test\/drover-dev\/worker@sha256:[0-9a-f]{20}0+$/),
    ]);
    expect(builds().map((args) => [args.includes('linux/arm64'), args.includes('--push')])).toEqual([
      [true, true],
      [true, true],
    ]);
  });

  it('signs in once, with the token on standard input and never in the arguments', async () => {
    await run('deploy');
    const logins = asked.filter(([word]) => word === 'login');
    expect(logins).toEqual([
      ['login', '--username', 'AWS', '--password-stdin', 'https://registry.test', '<a-token'],
    ]);
  });

  it('does not ask docker for anything when nothing has changed, and pins the same digests', async () => {
    const first = await run('deploy');
    asked = [];
    const second = await run('deploy');
    expect(asked).toEqual([]);
    expect(second.images).toEqual(first.images);
    expect(said.filter((text) => /is there already/.test(text))).toHaveLength(2);
  });

  it.each([
    [
      'its bundle',
      async () => {
        bundles.worker = 'work(2);';
      },
    ],
    ['its Dockerfile', async () => writeFile(join(root, 'containers', 'worker', 'Dockerfile'), 'FROM other')],
  ])('builds only the image of which %s has changed, under another tag', async (_, change) => {
    const first = await run('deploy');
    asked = [];
    await change();
    const second = await run('deploy');
    expect(builds().map((args) => args[args.indexOf('--tag') + 1])).toEqual([
      expect.stringMatching(/^registry\.test\/drover-dev\/worker:[0-9a-f]{20}$/),
    ]);
    expect(second.images[0]).toBe(first.images[0]);
    expect(second.images[1]).not.toBe(first.images[1]);
  });

  it('takes images that are given, and needs no docker then', async () => {
    const given = { lister: 'mine/lister@sha256:1', worker: 'mine/worker@sha256:2' };
    expect((await run('deploy', given)).images).toEqual([given.lister, given.worker]);
    expect(asked).toEqual([]);
  });

  it('without docker says how to do without', async () => {
    broken = 'version';
    await expect(run('deploy')).rejects.toThrow(
      /takes Docker with buildx \(docker is not on the PATH\).*--param listerImage=<uri@digest>/,
    );
  });

  it('names the image that could not be built', async () => {
    broken = 'build';
    await expect(run('deploy')).rejects.toThrow(
      /drover-dev\/lister:[0-9a-f]{20} could not be built: docker is not/,
    );
  });
});

describe('sls package', () => {
  it('asks nobody, and leaves what no deployment accepts', async () => {
    const { images, plugin, template } = await run('package');
    expect(asked).toEqual([]);
    expect(images).toEqual([
      expect.stringMatching(/^not-built\.invalid\/drover\/lister:/),
      expect.stringMatching(/^not-built\.invalid\/drover\/worker:/),
    ]);
    await mkdir(join(root, '.serverless'));
    const file = join(root, '.serverless', 'template.json');
    await writeFile(file, JSON.stringify(template));
    const deploy = plugin.hooks['before:aws:deploy:deploy:createStack'];
    await expect(deploy?.()).rejects.toThrow(/holds no images.*Deploy without --package/);
    await writeFile(file, (await readFile(file, 'utf8')).replaceAll('not-built.invalid', 'registry.test'));
    await expect(deploy?.()).resolves.toBeUndefined();
  });
});
