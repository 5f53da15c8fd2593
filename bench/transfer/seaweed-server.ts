import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { endWithUs } from '../../local/end-with-us.ts';

/** SeaweedFS on loopback, with its S3 gateway: a store that keeps objects as files in folders. */
export type SeaweedServer = { endpoint: string; stop(): Promise<void> };

const startSeconds = 60;
const roles = ['master', 'volume', 'filer', 's3'] as const;

/** Starts a server of its own on free ports, which checks no signature. @throws when it does not answer within a minute */
export async function startSeaweed(weed: string): Promise<SeaweedServer> {
  const folder = await mkdtemp(join(tmpdir(), 'drover-seaweed-'));
  const ports = await freePorts(roles.length);
  const portOptions = roles.map((role, index) => `-${role}.port=${ports[index]}`);
  const loopback = ['-ip=127.0.0.1', '-ip.bind=127.0.0.1'];
  // Each bucket takes volumes of its own.
  const room = ['-volume.max=200', '-master.volumeSizeLimitMB=64'];
  // The catalogues of tables have ports of their own, the same for every server; and nothing leaves this machine.
  const without = ['-s3.port.iceberg=0', '-s3.port.lance=0', '-master.telemetry=false'];
  const options = [`-dir=${folder}`, ...loopback, ...portOptions, ...room, ...without];
  const server = spawn(weed, ['server', ...options, '-s3'], {
    stdio: 'ignore',
    cwd: folder,
    env: { PATH: process.env['PATH'] ?? '', HOME: folder },
  });
  const owned = endWithUs(server);
  const stop = async (): Promise<void> => {
    await owned.stop();
    await rm(folder, { recursive: true, force: true });
  };
  const endpoint = `http://127.0.0.1:${ports[roles.indexOf('s3')]}`;
  for (let waited = 0; !(await takesObjects(endpoint)); waited++) {
    if (waited < 2 * startSeconds && server.exitCode === null) await sleep(500);
    else {
      await stop();
      throw new Error(`SeaweedFS took no object within ${startSeconds} s, or ended (${server.exitCode})`);
    }
  }
  return { endpoint, stop };
}

async function takesObjects(endpoint: string): Promise<boolean> {
  try {
    await fetch(`${endpoint}/ready`, { method: 'PUT' });
    return (await fetch(`${endpoint}/ready/probe`, { method: 'PUT', body: 'x' })).ok;
  } catch {
    return false;
  }
}

/** The gRPC port of a role lies so far above its own, or SeaweedFS does not start. */
const grpcDistance = 10_000;

/** Ports that are free now, all different, and those above them that gRPC takes. */
async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  const held: Server[] = [];
  while (ports.length < count) {
    const [above, grpcPort] = await listenOn(0);
    held.push(above);
    const below = await listenOn(grpcPort - grpcDistance).catch(() => null);
    if (below === null) continue;
    held.push(below[0]);
    ports.push(below[1]);
  }
  await Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

async function listenOn(port: number): Promise<[Server, number]> {
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no free port was given');
  return [server, address.port];
}
