import { execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { describe } from 'vitest';

/** The linters of Dockerfiles and shell scripts; null where they cannot be had and need not be. Throws under CI=true. */
function findLinters(): { hadolint: string; shellcheck: string } | null {
  const script = new URL('../../.ci/hadolint', import.meta.url).pathname;
  try {
    const hadolint = execFileSync(script, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
    return { hadolint, shellcheck: join(dirname(hadolint), 'shellcheck') };
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : String(error);
    if (process.env['CI'] === 'true') throw new Error(`hadolint cannot be had: ${said}`);
    console.warn(`Dockerfiles are not linted: ${said}`);
    return null;
  }
}

const found = findLinters();

/** The linters' paths; empty where they cannot be had. */
export const linters = found ?? { hadolint: '', shellcheck: '' };

/** `describe` for tests that need the linters: skipped by name on a machine where they cannot be had. */
export const describeWithLinters: typeof describe.skip = found === null ? describe.skip : describe;
