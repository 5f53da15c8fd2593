import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { nodeFlags } from '../../local/child.ts';
import { describeWithLinters, linters } from '../support/lint-tools.ts';

const root = new URL('../..', import.meta.url).pathname;
const names = ['lister', 'worker'] as const;
type Instruction = { word: string; rest: string };

/** A Dockerfile as its instructions: comments gone, lines that go on joined. */
function instructionsOf(text: string): Instruction[] {
  return text
    .replace(/^\s*#.*$/gm, '')
    .replace(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [word = '', ...rest] = line.trim().split(/\s+/);
      return { word: word.toUpperCase(), rest: rest.join(' ') };
    });
}

/** What is wrong with a Dockerfile, a line each. */
function faultsOf(text: string): string[] {
  const instructions = instructionsOf(text);
  const faults: string[] = [];
  const restsOf = (word: string) => instructions.filter((one) => one.word === word).map(({ rest }) => rest);
  const images = restsOf('ARG').filter((rest) => /^\w*IMAGE=/.test(rest));
  for (const image of images) {
    if (!/^\w+=[\w./-]+:\d+\.\d+\.\d+-[\w-]+@sha256:[0-9a-f]{64}$/.test(image))
      faults.push(`${image}: no full version with a digest`);
  }
  for (const from of restsOf('FROM')) {
    if (!/^(--platform=\$\{BUILDPLATFORM\} )?\$\{NODE_IMAGE\}( AS \w+)?$/.test(from))
      faults.push(`FROM ${from}: not the pinned image`);
  }
  if (restsOf('FROM').length > 0 && images.length === 0) faults.push('no image is pinned');
  for (const add of restsOf('ADD')) {
    if (!/^--checksum=sha256:\S+ https:\/\//.test(add)) faults.push(`ADD ${add}: no checksum`);
  }
  for (const sum of restsOf('ARG').filter((rest) => /SHA256=/.test(rest))) {
    if (!/^\w+=[0-9a-f]{64}$/.test(sum)) faults.push(`${sum}: no SHA-256`);
  }
  for (const word of ['RUN', 'ENTRYPOINT', 'CMD']) {
    for (const rest of restsOf(word))
      if (!rest.startsWith('[')) faults.push(`${word} ${rest}: needs a shell`);
  }
  const last = instructions.slice(instructions.findLastIndex(({ word }) => word === 'FROM'));
  const user = last.findLast(({ word }) => word === 'USER')?.rest;
  if (user === undefined || !/^[1-9]\d*:[1-9]\d*$/.test(user))
    faults.push('the user is not one by number, or is root');
  if (last.some(({ word }) => word === 'RUN'))
    faults.push('the final stage runs something: it needs an arm64 machine');
  if (!last.some(({ word }) => word === 'HEALTHCHECK')) faults.push('nothing is said about a health check');
  if (!last.some(({ word }) => word === 'LABEL')) faults.push('there are no labels');
  if (last.at(-1)?.word !== 'ENTRYPOINT') faults.push('the entry point is not the last instruction');
  if (/latest\b/.test(text)) faults.push('something is the latest');
  return faults;
}

describe('the Dockerfiles', () => {
  it.each(names)('of the %s: bases pinned, downloads checked, no shell, not root', (name) => {
    expect(faultsOf(readFileSync(`${root}/containers/${name}/Dockerfile`, 'utf8'))).toEqual([]);
  });

  it('copy nothing but the bundle, rclone and a folder to write into, and nobody may change the former', () => {
    for (const name of names) {
      const copies = instructionsOf(readFileSync(`${root}/containers/${name}/Dockerfile`, 'utf8'))
        .filter(({ word }) => word === 'COPY')
        .map(({ rest }) => rest);
      const rclone = '--from=rclone --chown=0:0 --chmod=0555 /rclone/usr/bin/rclone /usr/local/bin/rclone';
      expect(copies).toEqual([
        rclone,
        ...(name === 'lister' ? ['--from=rclone --chown=1000:1000 --chmod=0700 /scratch /scratch'] : []),
        '--chown=0:0 --chmod=0444 main.mjs ./',
      ]);
    }
  });

  it('start node with the memory that one machine gives it', () => {
    const flags = nodeFlags.filter((flag) => !flag.startsWith('--disable-warning'));
    expect(flags.length).toBe(3);
    for (const name of names) {
      const last = instructionsOf(readFileSync(`${root}/containers/${name}/Dockerfile`, 'utf8')).at(-1);
      expect(JSON.parse(last?.rest ?? '')).toEqual(['node', ...flags, 'main.mjs']);
    }
  });

  it('stand on the same base', () => {
    const [lister, worker] = names.map(
      (name) =>
        /^ARG NODE_IMAGE=.*$/m.exec(readFileSync(`${root}/containers/${name}/Dockerfile`, 'utf8'))?.[0],
    );
    expect(lister).toBe(worker);
  });

  it('are looked at by eyes that see', () => {
    const bad = [
      'FROM node:latest',
      'ADD https://example.com/rclone.deb /',
      'ARG RCLONE_SHA256=abc',
      'RUN curl https://example.com | sh',
      'USER root',
      'ENTRYPOINT node main.mjs',
    ].join('\n');
    expect(faultsOf(bad)).toEqual([
      'FROM node:latest: not the pinned image',
      'no image is pinned',
      'ADD https://example.com/rclone.deb /: no checksum',
      'RCLONE_SHA256=abc: no SHA-256',
      'RUN curl https://example.com | sh: needs a shell',
      'ENTRYPOINT node main.mjs: needs a shell',
      'the user is not one by number, or is root',
      'the final stage runs something: it needs an arm64 machine',
      'nothing is said about a health check',
      'there are no labels',
      'something is the latest',
    ]);
  });
});

describeWithLinters('linters find nothing', () => {
  it.each(names)('hadolint in the Dockerfile of the %s', (name) => {
    const { stdout, status } = spawnSync(linters.hadolint, [`${root}/containers/${name}/Dockerfile`], {
      encoding: 'utf8',
    });
    expect([stdout, status]).toEqual(['', 0]);
  });

  it('hadolint, which sees what it looks for', () => {
    const { stdout } = spawnSync(linters.hadolint, ['-'], {
      input: 'FROM node\nRUN cd /x\n',
      encoding: 'utf8',
    });
    expect(stdout).toMatch(/DL3006/);
    expect(stdout).toMatch(/DL3003/);
  });

  it('shellcheck in the user data', () => {
    const { stdout, status } = spawnSync(linters.shellcheck, [`${root}/containers/worker/user-data.sh`], {
      encoding: 'utf8',
    });
    expect([stdout, status]).toEqual(['', 0]);
  });
});
