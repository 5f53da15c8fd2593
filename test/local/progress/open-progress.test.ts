import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { openProgress } from '../../../local/progress/open-progress.ts';
import { snapshotAt, startMs } from './sample-snapshot.ts';
import { Screen } from './screen.ts';

function open(terminal: boolean, rows = 24, columns = () => 80) {
  const screen = new Screen(rows);
  return { screen, progress: openProgress({ stream: screen, terminal, columns, colour: false }) };
}

const state = (name: string, from: number, to: number | null, failed = false) => ({
  name,
  startedAtMs: startMs + from * 1000,
  endedAtMs: to === null ? null : startMs + to * 1000,
  failed,
});

describe('on a terminal', () => {
  test('a hundred updates leave one block, repainted in place', () => {
    const { screen, progress } = open(true);
    for (let at = 0; at < 100; at += 1) {
      progress.update(snapshotAt(at, { copied: { objects: at * 10, bytes: at * 1e9 } }));
    }
    progress.close();
    const seen = screen.seen();
    expect(seen).toHaveLength(12);
    expect(seen[0]).toBe('Drover archive-2026-11  1 min 39 s');
    expect(seen[5]).toBe('           990 of 2,000 objects, 92.2 GiB of 931 GiB');
    expect(seen[8]).toBe('Rate       10 objects/s, 954 MiB/s');
  });

  test('a block that grows and shrinks leaves nothing behind', () => {
    const { screen, progress } = open(true);
    progress.update(snapshotAt(1, { notice: 'a worker died' }));
    progress.update(snapshotAt(2, { states: [] }));
    progress.close();
    expect(screen.seen()).toHaveLength(11);
    expect(screen.seen().join('\n')).not.toContain('died');
  });

  test('what is said stays above the block, in order', () => {
    const { screen, progress } = open(true);
    progress.update(snapshotAt(1));
    progress.say('first');
    progress.update(snapshotAt(2));
    progress.say('second\nthird');
    progress.close();
    progress.say('after');
    expect(screen.seen().slice(0, 4)).toEqual(['first', 'second', 'third', 'Drover archive-2026-11  2 s']);
    expect(screen.seen().at(-1)).toBe('after');
  });

  test('what is said cannot control the terminal', () => {
    const { screen, progress } = open(true);
    progress.say('key \x1b[2J\x07 and \x1b[31mred\x1b[0m');
    progress.close();
    expect(screen.seen()).toEqual(['key \\u001b[2J\\u0007 and red']);
  });

  test('ten frames a second at most, each one write, and the last snapshot is never lost', () => {
    const { screen, progress } = open(true);
    for (let at = 0; at <= 1000; at += 10) progress.update(snapshotAt(at / 1000, { exceptions: at }));
    expect(screen.writes).toHaveLength(11);
    progress.update(snapshotAt(1.05, { exceptions: 7777 }));
    progress.close();
    expect(screen.seen().join('\n')).toContain('7,777 exceptions');
  });

  test('a block higher than the terminal is cut, because it could not be repainted', () => {
    const { screen, progress } = open(true, 6);
    for (let at = 0; at < 20; at += 1) progress.update(snapshotAt(at));
    progress.close();
    expect(screen.seen()).toHaveLength(5);
  });

  test('the cursor is hidden while it runs, and given back once', () => {
    const { screen, progress } = open(true);
    progress.update(snapshotAt(1));
    expect(screen.cursorShown).toBe(false);
    progress.close();
    expect(screen.cursorShown).toBe(true);
    const writes = screen.writes.length;
    progress.close();
    progress.update(snapshotAt(9));
    expect(screen.writes).toHaveLength(writes);
  });

  test('a narrower terminal wraps what was painted, and the next frame starts above it', () => {
    let columns = 80;
    const screen = new Screen();
    const progress = openProgress({ stream: screen, terminal: true, columns: () => columns, colour: false });
    progress.update(snapshotAt(1, { states: [] }));
    columns = 40;
    // A terminal that wraps a line moves everything below it, the cursor too, one row down.
    const wide = screen.seen().filter((line) => line.length > 40).length;
    screen.write('\n'.repeat(wide));
    progress.update(snapshotAt(2, { states: [] }));
    progress.close();
    expect(wide).toBeGreaterThan(2);
    expect(screen.seen()[0]).toBe('Drover archive-2026-11  2 s');
    expect(screen.seen()).toHaveLength(11);
  });

  test.each([
    ['a signal that nobody handles', '', 'SIGTERM' as const, [null, 'SIGTERM'], '\x1b[?25h'],
    ['an exit', 'process.on("SIGTERM", () => process.exit(3));', 'SIGTERM' as const, [3, null], '\x1b[?25h'],
    [
      'a signal that its owner handles once, in his own time,',
      'process.once("SIGTERM", () => setTimeout(() => { progress.close(); console.log("drained"); process.exit(0); }, 20));',
      'SIGTERM' as const,
      [0, null],
      '\x1b[?25hdrained\n',
    ],
  ])('%s gives the cursor back', async (_, before, signal, ending, last) => {
    const script = `
      import { openProgress } from ${JSON.stringify(new URL('../../../local/progress/open-progress.ts', import.meta.url).href)};
      let progress; ${before}
      progress = openProgress({ stream: process.stdout, terminal: true, columns: () => 80, colour: false });
      progress.update(${JSON.stringify(snapshotAt(1))});
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (output === '') child.kill(signal);
      output += text;
    });
    expect(await once(child, 'close')).toEqual(ending);
    expect(output).toContain('\x1b[?25l');
    expect(output.endsWith(last)).toBe(true);
  });
});

describe('in a log', () => {
  test('a line tells when a state is entered and left, and how', () => {
    const { screen, progress } = open(false);
    progress.update(snapshotAt(0, { states: [state('Validate', 0, null)] }));
    progress.update(
      snapshotAt(3, {
        states: [state('Validate', 0, 0.1), state('Preflight', 0.1, 2, true), state('Clean up', 2, null)],
      }),
    );
    expect(screen.seen().filter((line) => line.includes(' state: '))).toEqual([
      '2026-11-23T08:00:00Z state: Validate entered',
      '2026-11-23T08:00:00Z state: Validate done in 0.1 s',
      '2026-11-23T08:00:00Z state: Preflight entered',
      '2026-11-23T08:00:02Z state: Preflight failed after 1.9 s',
      '2026-11-23T08:00:02Z state: Clean up entered',
    ]);
  });

  test('the figures come every five seconds of the snapshots, and once more at the end', () => {
    const { screen, progress } = open(false);
    for (let at = 0; at <= 12; at += 0.5) {
      progress.update(snapshotAt(at, { copied: { objects: at * 10, bytes: at * 1e9 } }));
    }
    progress.close();
    const figures = screen.seen().filter((line) => line.includes(' progress: '));
    expect(figures.map((line) => line.slice(11, 20))).toEqual([
      '08:00:00Z',
      '08:00:05Z',
      '08:00:10Z',
      '08:00:12Z',
    ]);
    expect(figures[2]).toBe(
      '2026-11-23T08:00:10Z progress: listed 2143 objects 1.21 TiB, copied 100/2000 objects 9.31 GiB/931 GiB, verified 0/0, rate 10 objects/s, 954 MiB/s, left 16 min 30 s, queue 75 waiting 8 in flight, workers 3/4, exceptions 3 retried 12',
    );
  });

  test('a notice is told once, and again only after another one', () => {
    const { screen, progress } = open(false);
    for (const notice of ['w-1 died', 'w-1 died', 'w-2 died', 'w-1 died']) {
      progress.update(snapshotAt(1, { notice }));
    }
    expect(screen.seen().filter((line) => line.includes(' notice: '))).toHaveLength(3);
  });

  test('no control code is ever written', () => {
    const { screen, progress } = open(false);
    progress.update(
      snapshotAt(1, { notice: 'bad \x1b[31m key \r\n\u202e', states: [state('a\x1bb', 0, 1)] }),
    );
    progress.say('red \x1b[31mkey\x1b[0m\x07');
    progress.close();
    expect(screen.writes.join('').replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(screen.seen()).toContain('red key\\u0007');
  });
});
