import { z } from 'zod';
import { StackBusy } from '../core/errors.ts';
import { decodeJson, encodeJson } from '../core/json-lines.ts';
import { VersionConflict } from '../core/ports.ts';
import type { Ports } from './step.ts';

/** Who has the stack: its queue, its fleet, its listers. */
const Holder = z.strictObject({
  version: z.literal(1),
  migration: z.string(),
  sinceMs: z.int(),
  /** When the execution that has it was started. */
  startedAtMs: z.int(),
});

type Needs = Pick<Ports, 'jobStore' | 'clock' | 'settings'>;

/**
 * Takes the stack for this migration until Clean up releases it; only one of any number that ask at once gets it. A
 * migration that holds it already, because it was stopped or died, holds it on, in the name of the run that asks now
 * (`startedAtMs`). Throws `StackBusy` with the holder and
 * how to free the stack. Where a migration has a stack of its own (`settings.stackHolder` null), nothing is taken.
 */
export async function holdStack(
  migration: string,
  startedAtMs: number,
  { jobStore, clock, settings }: Needs,
): Promise<void> {
  const path = settings.stackHolder;
  if (path === null) return;
  const holder: z.infer<typeof Holder> = { version: 1, migration, sinceMs: clock.nowMs(), startedAtMs };
  try {
    await jobStore.write(path, encodeJson(holder), { replaces: null });
  } catch (error) {
    if (!(error instanceof VersionConflict)) throw error;
    const file = await jobStore.read(path);
    // Released a moment ago.
    if (file === null) return holdStack(migration, startedAtMs, { jobStore, clock, settings });
    const other = decodeJson(file.bytes, Holder);
    if (other.migration === migration) {
      await jobStore.write(path, encodeJson(holder), { replaces: file.version });
      return;
    }
    throw new StackBusy(
      `migration "${other.migration}" has this stack since ${new Date(other.sinceMs).toISOString()}. Wait for its end, start it again to finish it, or deploy another stage for this one. If nothing of it runs any more (no execution, no lister, no worker, no message), delete ${jobStore.address(path)}.`,
    );
  }
}

/** Lets others have the stack, if it is this migration's. */
export async function releaseStack(
  migration: string,
  { jobStore, settings }: Pick<Ports, 'jobStore' | 'settings'>,
): Promise<void> {
  const { stackHolder } = settings;
  if (stackHolder !== null && (await holderOf({ jobStore, settings }))?.migration === migration)
    await jobStore.delete(stackHolder);
}

/** The migration that has the stack; null = nobody. */
export async function holderOf({
  jobStore,
  settings,
}: Pick<Ports, 'jobStore' | 'settings'>): Promise<z.infer<typeof Holder> | null> {
  const file = settings.stackHolder === null ? null : await jobStore.read(settings.stackHolder);
  return file === null ? null : decodeJson(file.bytes, Holder);
}
