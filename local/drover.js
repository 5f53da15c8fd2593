#!/usr/bin/env node
// The entry of `drover`, in JavaScript that any Node since 18 reads: it hands over to the Node that the
// project pins, which runs the TypeScript as it is.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('./main.ts', import.meta.url));
const pinned = fileURLToPath(new URL('../node_modules/node/bin/node', import.meta.url));
const own = Number(process.versions.node.split('.')[0]) >= 24;
if (!own && !existsSync(pinned)) {
  process.stderr.write(
    'drover needs Node 24 or the one that "npm ci" installs beside it. Run "npm ci" first.\n',
  );
  process.exit(2);
}
const child = spawn(
  own ? process.execPath : pinned,
  ['--disable-warning=ExperimentalWarning', main, ...process.argv.slice(2)],
  { stdio: 'inherit' },
);
// Ctrl-C reaches the child by the terminal; a signal sent to this process alone is passed on.
process.on('SIGINT', () => undefined);
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));
