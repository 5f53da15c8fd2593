import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { describe } from 'vitest';
import { endWithUs } from '../../local/end-with-us.ts';

/** moto's server on loopback: AWS as far as an emulator goes. It checks no signature and no permission. */
export type MotoServer = { endpoint: string; stop(): Promise<void> };

/** The path of moto's server; null where it cannot be had and need not be. Throws under CI=true. */
export function findMoto(): string | null {
  const script = new URL('../../.ci/moto', import.meta.url).pathname;
  try {
    return execFileSync(script, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : String(error);
    if (process.env['CI'] === 'true') throw new Error(`moto cannot be had: ${said}`);
    console.warn(`The tests on moto are skipped: ${said}`);
    return null;
  }
}

const moto = findMoto();

/** `describe` for tests that need moto: skipped by name on a machine where it cannot be had. */
export const describeOnMoto: typeof describe.skip = moto === null ? describe.skip : describe;

/**
 * Starts a server of its own on a free port. Its interpreter of state machines calls the other services by a port
 * that has to be told, so that is chosen beforehand. @throws when it ends before it listens
 */
export async function startMoto(): Promise<MotoServer> {
  if (moto === null) throw new Error('moto cannot be had; see the warning above');
  const server = spawn(moto, ['-H', '127.0.0.1', '-p', String(await freePort())], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: process.env['PATH'] ?? '' },
  });
  const { ended, stop } = endWithUs(server);
  const said: string[] = [];
  const endpoint = await new Promise<string>((resolve, reject) => {
    createInterface({ input: server.stderr }).on('line', (line) => {
      if (said.length < 20) said.push(line);
      const found = /Running on (http:\/\/127\.0\.0\.1:\d+)/.exec(line)?.[1];
      if (found !== undefined) resolve(found);
    });
    server.once('error', reject);
    void ended.then(() => reject(new Error(`moto's server ended before it listened:\n${said.join('\n')}`)));
  });
  return { endpoint, stop };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no free port was given');
  return address.port;
}

/** What moto answers as: any credentials will do. */
export const motoAccount = {
  region: 'us-east-1',
  credentials: { accessKeyId: 'TEST', secretAccessKey: 'test' },
} as const;
