import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** The path of SeaweedFS; null where it cannot be had and need not be. Throws under CI=true. */
export function findSeaweed(): string | null {
  const script = new URL('../../.ci/peers', import.meta.url).pathname;
  const folder = execFileSync(script, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  const path = join(folder, 'weed');
  if (existsSync(path)) return path;
  if (process.env['CI'] === 'true') throw new Error(`SeaweedFS cannot be had: there is no ${path}`);
  console.warn(`The tests on SeaweedFS are skipped: there is no ${path}`);
  return null;
}
