import { spawn } from 'node:child_process';
import { logLines } from '../../../../containers/log-lines.ts';
import { watchParent } from '../../../../containers/parent.ts';

/** A child for tests, in place of a lister or worker: ACT says what it does beside living. */
const acts: Readonly<Record<string, () => void>> = {
  idle: () => undefined,
  /** Starts a process of its own and outlives no one who kills the group. */
  parent: () => {
    const grandchild = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    // Whoever has no parent any more exits by itself, and nobody is left then who would kill the group.
    process.once('exit', () => grandchild.kill());
    logLines('grandchild', { pid: grandchild.pid });
  },
  /** Hears SIGTERM and stays. */
  stubborn: () => void process.on('SIGTERM', () => logLines('ignored')),
  /** Says things that are no log line. */
  talk: () => {
    process.stdout.write('not json\n{"half":\n[1]\n{"event":"without time"}\n');
    process.stderr.write('a warning\n');
    logLines('spoken', { umlaut: 'ü' });
    process.stdout.write('the last words, without an end of line');
    process.exitCode = 7;
    process.stdin.destroy();
  },
};

const act = process.env['ACT'] ?? 'idle';
watchParent(() => process.exit(0));
acts[act]?.();
if (act !== 'talk') {
  setInterval(() => undefined, 1000);
  logLines('ready', { pid: process.pid });
}
