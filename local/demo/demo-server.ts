import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { z } from 'zod';

/** An S3 server of ours as a process of its own, so that it has a processor to itself. */
export type DemoServer = { endpoint: string; stop(): Promise<void> };

/** Starts an S3 server over a folder with one bucket and one pair of keys. It ends with this process. */
export async function startDemoServer(
  folder: string,
  bucket: string,
  keys: { accessKey: string; secretKey: string },
): Promise<DemoServer> {
  const credentialsFile = `${folder}-credentials.json`;
  await writeFile(credentialsFile, JSON.stringify({ [keys.accessKey]: keys.secretKey }), { mode: 0o600 });
  const script = new URL('../s3-server/main.ts', import.meta.url).pathname;
  const child = spawn(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      script,
      '--folder',
      folder,
      '--bucket',
      bucket,
      '--credentials-file',
      credentialsFile,
      '--with-parent',
    ],
    { detached: true, stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const ended = once(child, 'exit');
  const lines = createInterface({ input: child.stdout });
  const first: unknown = await Promise.race([
    once(lines, 'line').then(([line]) => JSON.parse(String(line))),
    ended.then(() => {
      throw new Error(`the S3 server over ${folder} ended before it listened`);
    }),
  ]);
  const { endpoint } = z.object({ endpoint: z.url() }).parse(first);
  return {
    endpoint,
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
