import { afterAll, beforeEach, expect } from 'vitest';

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
