import { readFile, rm, writeFile } from 'node:fs/promises';
import { StackBusy } from '../core/errors.ts';

/**
 * Marks a migration as running on this machine, and gives what takes the mark away. A mark whose process is gone
 * (killed, or the machine went down) is replaced. Throws `StackBusy` while another process runs it.
 */
export async function lockRun(path: string, migration: string): Promise<() => Promise<void>> {
  for (;;) {
    try {
      await writeFile(path, String(process.pid), { flag: 'wx' });
      return () => rm(path, { force: true });
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
    const owner = Number(await readFile(path, 'utf8').catch(() => '0'));
    if (owner > 0 && owner !== process.pid && isAlive(owner)) {
      throw new StackBusy(
        `migration "${migration}" is being run by process ${owner}. Wait for it, or stop it and run this again: it resumes.`,
      );
    }
    await rm(path, { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Another user's process may not be signalled, but it is there.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
