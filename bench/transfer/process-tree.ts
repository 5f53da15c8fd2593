import { readdir, readFile } from 'node:fs/promises';

/** What processes and all that they started have used. */
export type Usage = { cpuSeconds: number; peakMiB: number };

const sampleMs = 200;
/** Linux counts CPU time in hundredths of a second on every common machine. [src: proc(5), CLK_TCK] */
const ticksPerSecond = 100;

/**
 * Watches processes by /proc: their CPU time as last seen, to 0.2 s, and the sum of their peaks of resident memory
 * (the kernel's VmHWM). What they had used before the watch began is not counted.
 */
export function watchTree(roots: readonly number[]): { end(): Promise<Usage> } {
  const first = new Map<number, number>();
  const last = new Map<number, number>();
  const peaks = new Map<number, number>();
  let sampling: Promise<void> = Promise.resolve();

  async function sample(isFirst: boolean): Promise<void> {
    for (const [pid, { ticks, peakKiB }] of await treeOf(roots)) {
      if (isFirst) first.set(pid, ticks);
      last.set(pid, Math.max(last.get(pid) ?? 0, ticks));
      peaks.set(pid, Math.max(peaks.get(pid) ?? 0, peakKiB));
    }
  }

  sampling = sample(true);
  const timer = setInterval(() => {
    sampling = sampling.then(() => sample(false));
  }, sampleMs);
  return {
    async end() {
      clearInterval(timer);
      await sampling;
      await sample(false);
      const ticks = [...last].reduce((sum, [pid, now]) => sum + now - (first.get(pid) ?? 0), 0);
      const peakKiB = [...peaks.values()].reduce((sum, each) => sum + each, 0);
      return { cpuSeconds: ticks / ticksPerSecond, peakMiB: Math.round(peakKiB / 1024) };
    },
  };
}

async function treeOf(roots: readonly number[]): Promise<Map<number, { ticks: number; peakKiB: number }>> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const stats = new Map<number, { parent: number; ticks: number }>();
  for (const pid of pids) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    // The name of the program, in brackets, may hold spaces.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields.length > 12)
      stats.set(pid, { parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) });
  }
  const found = new Map<number, { ticks: number; peakKiB: number }>();
  const queue = [...roots];
  for (let pid = queue.pop(); pid !== undefined; pid = queue.pop()) {
    const stat = stats.get(pid);
    if (stat === undefined || found.has(pid)) continue;
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    found.set(pid, { ticks: stat.ticks, peakKiB: Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0) });
    for (const [child, { parent }] of stats) if (parent === pid) queue.push(child);
  }
  return found;
}
