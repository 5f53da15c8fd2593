import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** The containers, each with a `main.ts`, a Dockerfile and a bundle. */
export const containerNames = ['lister', 'worker'] as const;
export type ContainerName = (typeof containerNames)[number];

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * Packages that are CommonJS inside call `require`, which a module does not have by itself. The name must be one that no
 * package declares: esbuild does not look at a banner when it names things.
 */
const banner = [
  "import { createRequire as createRequireOfBundle } from 'node:module';",
  'const require = createRequireOfBundle(import.meta.url);',
].join('\n');

/**
 * Bundles a container's main.ts into one file, `main.mjs`, that needs Node 24 and no package, in a folder of its own
 * (`.build/<name>` unless told), which is what Docker is given. The same sources give the same bytes, wherever they lie.
 * Returns the folder. Throws esbuild's list of errors.
 */
export async function bundle(name: ContainerName, into = join(root, '.build')): Promise<string> {
  const folder = join(into, name);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await build({
    absWorkingDir: root,
    entryPoints: [`containers/${name}/main.ts`],
    outfile: join(folder, 'main.mjs'),
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    // The SDK's modules instead of its CommonJS: what nobody imports is left out.
    mainFields: ['module', 'main'],
    banner: { js: banner },
    // Not minified: a stack trace in the log group names the function, and a MiB more is nothing to an image.
    legalComments: 'none',
    logLevel: 'silent',
  });
  return folder;
}

// No await here: serverless loads its plugins by require, which takes no module that awaits at its top.
if (import.meta.main) {
  void Promise.all(containerNames.map((name) => bundle(name))).then((folders) =>
    process.stdout.write(`${folders.join('\n')}\n`),
  );
}
