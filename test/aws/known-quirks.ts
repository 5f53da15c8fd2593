import { afterAll, beforeEach, expect } from 'vitest';

/**
 * What else moto gets wrong, which no suite can skip: RunTask of a task definition with the network mode `awsvpc` and
 * CompleteLifecycleAction answer 500 (migration-on-moto.ts runs a simpler task; a worker goes on when the hook cannot be
 * completed), unfinished uploads begin in 2010 (recording-gateway.ts puts that right), permissions and signatures are
 * never checked, and GetExecutionHistory of an execution that moto does not run itself is made up. What
 * CloudFormation leaves out is in unsupported-resources.ts.
 */

/**
 * Skips the cases of the surrounding `describe` that moto is known not to hold, saying why beside each. A quirk
 * whose case is no longer there fails, so that the list stays true.
 */
export function motoQuirks(quirks: Readonly<Record<string, string>>): void {
  const met = new Set<string>();
  beforeEach(({ task, skip }) => {
    const quirk = quirks[task.name];
    if (quirk !== undefined) met.add(task.name);
    skip(quirk !== undefined, `moto ${quirk}`);
  });
  afterAll(() => expect([...met].sort()).toEqual(Object.keys(quirks).sort()));
}
