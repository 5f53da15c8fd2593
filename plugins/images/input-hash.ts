import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Machines and tasks run on Graviton. */
export const platform = 'linux/arm64';

/**
 * Names what an image is built from: the files that Docker is given, the Dockerfile with the pinned base and rclone in
 * it, and the platform. 20 hexadecimal digits; the same inputs give the same name on every machine.
 */
export async function inputHash(context: string, dockerfile: string): Promise<string> {
  const hash = createHash('sha256').update(platform);
  const names = (await readdir(context)).sort();
  for (const [name, path] of [
    ['Dockerfile', dockerfile],
    ...names.map((name) => [name, join(context, name)]),
  ] as [string, string][]) {
    const content = createHash('sha256')
      .update(await readFile(path))
      .digest('hex');
    hash.update(`\n${JSON.stringify(name)} ${content}`);
  }
  return hash.digest('hex').slice(0, 20);
}
