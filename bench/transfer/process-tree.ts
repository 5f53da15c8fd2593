import { readdirSync, readFileSync } from 'node:fs';

/** What processes and all that they started have used. */
export type Usage = { cpuSeconds: number; peakMiB: number };

const sampleMs = 200;
/** New processes are looked for in so many samples: all of /proc costs 5 % of a core five times a second. */
const samplesPerSearch = 10;
/** Linux counts CPU time in hundredths of a second on every common machine. [src: proc(5), CLK_TCK] */
const ticksPerSecond = 100;

/**
 * Watches processes by /proc: their CPU time as last seen, to 0.2 s, and the sum of their peaks of resident memory
 * (the kernel's VmHWM). What they had used before the watch began is not counted, nor what starts and ends within 2 s.
 */
export function watchTree(roots: readonly number[]): { end(): Usage } {
  const first = new Map<number, number>();
  const last = new Map<number, number>();
  const peaks = new Map<number, number>();
  let samples = 0;

  function sample(): void {
    const search = samples % samplesPerSearch === 0;
    for (const pid of search ? treeOf(roots) : last.keys()) {
      const ticks = statOf(pid)?.ticks;
      if (ticks === undefined) continue;
      if (samples === 0) first.set(pid, ticks);
      last.set(pid, Math.max(last.get(pid) ?? 0, ticks));
      const peakKiB = Number(/^VmHWM:\s+(\d+)/m.exec(read(pid, 'status'))?.[1] ?? 0);
      peaks.set(pid, Math.max(peaks.get(pid) ?? 0, peakKiB));
    }
    samples += 1;
  }

  sample();
  const timer = setInterval(sample, sampleMs);
  return {
    end() {
      clearInterval(timer);
      sample();
      const ticks = [...last].reduce((sum, [pid, now]) => sum + now - (first.get(pid) ?? 0), 0);
      const peakKiB = [...peaks.values()].reduce((sum, each) => sum + each, 0);
      return { cpuSeconds: ticks / ticksPerSecond, peakMiB: Math.round(peakKiB / 1024) };
    },
  };
}

/** The processes and all that descend from them. */
function treeOf(roots: readonly number[]): Set<number> {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    const stat = /^\d+$/.test(name) ? statOf(Number(name)) : null;
    if (stat !== null) parents.set(Number(name), stat.parent);
  }
  const tree = new Set<number>();
  const queue = [...roots];
  for (let pid = queue.pop(); pid !== undefined; pid = queue.pop()) {
    if (tree.has(pid)) continue;
    tree.add(pid);
    for (const [child, parent] of parents) if (parent === pid) queue.push(child);
  }
  return tree;
}

/** null when there is no such process. */
function statOf(pid: number): { parent: number; ticks: number } | null {
  const stat = read(pid, 'stat');
  // The name of the program, in brackets, may hold spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields.length < 13) return null;
  return { parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) };
}

function read(pid: number, file: 'stat' | 'status'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}
