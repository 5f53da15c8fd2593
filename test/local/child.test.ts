import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Child, type LogLine, startChild } from '../../local/child.ts';
import { isRunning, until } from '../support/processes.ts';

let folder: string;
let started: Child[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drover-child-'));
  started = [];
});
afterEach(async () => {
  for (const child of started) child.kill();
  await Promise.all(started.map(({ ended }) => ended));
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

function start(act: string): { child: Child; lines: LogLine[]; log: string; ready: () => Promise<void> } {
  const lines: LogLine[] = [];
  const log = join(folder, 'child.log');
  const child = startChild('../test/support/children/actor', { ACT: act }, log, (line) => lines.push(line));
  started.push(child);
  const ready = () => until('the child is ready', () => lines.some(({ event }) => event === 'ready'));
  return { child, lines, log, ready };
}

describe('a child', () => {
  it('ends when it is asked to', async () => {
    const { child, ready } = start('idle');
    await ready();
    child.stop();
    expect(await child.ended).toEqual({ code: null, signal: 'SIGTERM' });
    expect(isRunning(child.pid)).toBe(false);
  });

  it('that does not listen ends when it is killed', async () => {
    const { child, lines, ready } = start('stubborn');
    await ready();
    child.stop();
    await until('it heard', () => lines.some(({ event }) => event === 'ignored'));
    expect(isRunning(child.pid)).toBe(true);
    child.kill();
    expect(await child.ended).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it('hands on the lines that are log lines, and writes everything to its file', async () => {
    const { child, lines, log } = start('talk');
    expect(await child.ended).toEqual({ code: 7, signal: null });
    expect(lines).toEqual([{ at: expect.any(String), event: 'spoken', umlaut: 'ü' }]);
    await until('the file is written', () => true);
    const text = await readFile(log, 'utf8');
    for (const words of [
      'not json',
      '{"half":',
      'a warning',
      'spoken',
      'the last words, without an end of line',
    ])
      expect(text).toContain(words);
  });

  it.each(['stop', 'kill'] as const)('takes what it started with it when told to %s', async (how) => {
    const { child, lines, ready } = start('parent');
    await ready();
    const grandchild = Number(lines.find(({ event }) => event === 'grandchild')?.['pid']);
    expect(isRunning(grandchild)).toBe(true);
    child[how]();
    await child.ended;
    await until('the grandchild is gone', () => !isRunning(grandchild));
  });

  it('may be killed and stopped again when it is gone', async () => {
    const { child, ready } = start('idle');
    await ready();
    child.kill();
    await child.ended;
    child.kill();
    child.stop();
    expect(await child.ended).toMatchObject({ signal: 'SIGKILL' });
  });
});

describe('when we die', () => {
  it.each(['idle', 'stubborn', 'parent'])('a child that is %s dies too', async (act) => {
    const script = new URL('../support/children/parent.ts', import.meta.url).pathname;
    const parent = spawn(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', script, join(folder, 'child.log'), act],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const pid = await new Promise<number>((resolve) =>
      createInterface({ input: parent.stdout }).once('line', (line) => resolve(Number(line))),
    );
    expect(isRunning(pid)).toBe(true);
    parent.kill('SIGKILL');
    await until('the child is gone', () => !isRunning(pid));
  });
});
