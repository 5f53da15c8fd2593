import { readdirSync, readFileSync } from 'node:fs';

export type OurProcess = { pid: number; what: 'worker' | 'rclone' | 'lister' };

/**
 * The processes of one round that run now, found by what only they have in their environment: the job store of
 * listers and workers, the home of rclone, which is made under our TMPDIR. Linux only.
 */
export function ourProcesses(folder: string): OurProcess[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .sort((a, b) => a - b)
    .flatMap((pid): OurProcess[] => {
      const environment = read(`/proc/${pid}/environ`);
      if (environment.includes(`\0HOME=${folder}/drover-rclone-`)) return [{ pid, what: 'rclone' }];
      if (!environment.includes(`JOB_STORE=disk:${folder}/`)) return [];
      const container = /containers\/(lister|worker)\/main\.ts/.exec(read(`/proc/${pid}/cmdline`))?.[1];
      return [{ pid, what: container === 'lister' ? 'lister' : 'worker' }];
    });
}

/** A process that ends meanwhile has nothing to say; of one that waits to be collected, nothing can be read. */
function read(path: string): string {
  try {
    return `\0${readFileSync(path, 'latin1')}`;
  } catch {
    return '';
  }
}
