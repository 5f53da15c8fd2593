import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { bundleSizes } from './bundle-sizes.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = `${root}.cache/size`;
const serverless = `${root}node_modules/serverless/bin/serverless.js`;
execFileSync(process.execPath, [serverless, 'package', '--package', folder], {
  cwd: root,
  stdio: ['ignore', 'ignore', 'inherit'],
});
const kibibytes = (bytes: number): string => `${Math.ceil(bytes / 1024)} KiB`.padStart(12);
process.stdout.write(`${'function'.padEnd(22)}${'zipped'.padStart(12)}${'unzipped'.padStart(12)}\n`);
for (const { name, zippedBytes, unzippedBytes } of await bundleSizes(folder))
  process.stdout.write(`${name.padEnd(22)}${kibibytes(zippedBytes)}${kibibytes(unzippedBytes)}\n`);
