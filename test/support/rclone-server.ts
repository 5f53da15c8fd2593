import { execFile, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { rcloneForTests } from './rclone.ts';

export const servedUser = 'drover';
export const servedPassword = 'served-password-never-to-be-seen-5d1b';

/** A folder of this machine behind one of rclone's servers on loopback. */
export type RcloneServer = {
  /** Options of a remote that reaches it, as rclone's configuration holds them. */
  options: Record<string, string>;
  stop(): Promise<void>;
};

/** Serves the folder over WebDAV or FTP, for one user with a password. */
export async function serveFolder(folder: string, protocol: 'webdav' | 'ftp'): Promise<RcloneServer> {
  const rclone = await rcloneForTests();
  for (let attempt = 1; ; attempt++) {
    const port = 20_000 + Math.floor(Math.random() * 20_000);
    const server = spawn(
      rclone,
      [
        'serve',
        protocol,
        folder,
        '--addr',
        `127.0.0.1:${port}`,
        '--config',
        '',
        '-v',
        '--dir-cache-time',
        '0s',
      ],
      {
        env: { ...process.env, RCLONE_USER: servedUser, RCLONE_PASS: servedPassword },
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
    const ended = new Promise<false>((resolve) => server.once('exit', () => resolve(false)));
    const said = new Promise<true>((resolve) => {
      createInterface({ input: server.stderr }).on('line', (line) => {
        if (/Started|started on|Serving/i.test(line)) resolve(true);
      });
    });
    if (await Promise.race([said, ended])) {
      const { stdout } = await promisify(execFile)(rclone, ['obscure', servedPassword]);
      const pass = stdout.trim();
      const options: Record<string, string> =
        protocol === 'webdav'
          ? { url: `http://127.0.0.1:${port}`, vendor: 'other', user: servedUser, pass }
          : { host: '127.0.0.1', port: `${port}`, user: servedUser, pass };
      return {
        options,
        async stop() {
          server.kill('SIGKILL');
          await ended;
        },
      };
    }
    if (attempt === 5) throw new Error(`rclone serves no ${protocol} on a port of loopback`);
  }
}

/** Whether this rclone has a server for the protocol. */
export async function serves(protocol: 'webdav' | 'ftp'): Promise<boolean> {
  const { stdout } = await promisify(execFile)(await rcloneForTests(), ['serve', '--help']);
  return new RegExp(`^ +${protocol} `, 'm').test(stdout);
}
