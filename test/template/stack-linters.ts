import { execFileSync } from 'node:child_process';
import { describe } from 'vitest';

/** The folder of cfn-lint and checkov; null where they cannot be had and need not be. Throws under CI=true. */
function findLinters(): string | null {
  const script = new URL('../../.ci/stack-linters', import.meta.url).pathname;
  try {
    return execFileSync(script, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : String(error);
    if (process.env['CI'] === 'true') throw new Error(`cfn-lint and checkov cannot be had: ${said}`);
    console.warn(`the packaged template is not linted: ${said}`);
    return null;
  }
}

const found = findLinters();

/** The folder of the linters' commands; empty where they cannot be had. */
export const linterFolder = found ?? '';

/** `describe` for tests that need the linters: skipped by name on a machine where they cannot be had. */
export const describeWithStackLinters: typeof describe.skip = found === null ? describe.skip : describe;
