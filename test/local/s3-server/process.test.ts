import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { startS3Server } from '../../../local/s3-server/s3-server.ts';

const MAIN = join(import.meta.dirname, '../../../local/s3-server/main.ts');
const announcement = z.strictObject({ endpoint: z.url() });
const MIB = 1024 * 1024;

describe('the S3 server as a process', () => {
  let folder = '';
  const children: ChildProcess[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'drover-s3-process-'));
  });
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  const start = async (...args: readonly string[]) => {
    const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
    children.push(child);
    const [line] = await once(createInterface({ input: child.stdout }), 'line');
    const { endpoint } = announcement.parse(JSON.parse(String(line)));
    return { child, endpoint, exited: once(child, 'exit') };
  };
  const put = (url: string, body: string | Uint8Array<ArrayBuffer>) => fetch(url, { method: 'PUT', body });

  it('says where it listens in one line and stops on SIGTERM', async () => {
    const { child, endpoint, exited } = await start('--bucket', 'one', '--bucket', 'two');
    expect(await (await fetch(endpoint)).text()).toMatch(/<Name>one<.*<Name>two</);
    child.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
  });

  it('takes credentials from a file', async () => {
    writeFileSync(join(folder, 'keys.json'), JSON.stringify({ key: 'secret' }));
    const { endpoint } = await start('--credentials-file', join(folder, 'keys.json'));
    expect((await fetch(endpoint)).status).toBe(403);
  });

  it('ends with its parent when it is told to', async () => {
    const { child, exited } = await start('--with-parent');
    child.stdin?.end();
    expect(await exited).toEqual([0, null]);
  });

  it('has everything it acknowledged after it was killed in the middle of writes, and nothing by half', async () => {
    const first = await start('--folder', folder, '--bucket', 'one');
    /** What each key may hold: what was last acknowledged, or what was on its way when the server died. */
    const possible = new Map<string, string[]>();
    let sent = 0;
    let acknowledged = 0;
    const writer = async () => {
      for (;;) {
        sent += 1;
        const key = `key-${sent % 200}`;
        // Small bodies live in the index, large ones in files; every key is written several times.
        const body = randomBytes(sent % 7 === 0 ? 200_000 : 1_000 + sent);
        const md5 = md5Of(body);
        possible.set(key, [...(possible.get(key) ?? ['absent']), md5]);
        const answer = await put(`${first.endpoint}/one/${key}`, body);
        expect(answer.status).toBe(200);
        possible.set(key, [md5]);
        acknowledged += 1;
        if (acknowledged === 500) first.child.kill('SIGKILL');
      }
    };
    await Promise.allSettled(Array.from({ length: 6 }, writer));
    expect(acknowledged).toBeGreaterThanOrEqual(500);
    await first.exited;
    const second = await start('--folder', folder);
    let large = 0;
    for (const [key, md5s] of possible) {
      const answer = await fetch(`${second.endpoint}/one/${key}`);
      const bytes = Buffer.from(await answer.arrayBuffer());
      expect(md5s).toContain(answer.status === 404 ? 'absent' : md5Of(bytes));
      if (bytes.length > 100_000) large += 1;
    }
    expect(readdirSync(join(folder, 'bodies'))).toHaveLength(large);
  });

  it('keeps an open upload and its parts through a restart', async () => {
    const first = await start('--folder', folder, '--bucket', 'one');
    const created = await (await fetch(`${first.endpoint}/one/big?uploads`, { method: 'POST' })).text();
    const id = /<UploadId>(\w+)</.exec(created)?.[1];
    const part = await put(`${first.endpoint}/one/big?partNumber=1&uploadId=${id}`, randomBytes(100_000));
    first.child.kill('SIGKILL');
    await first.exited;
    const second = await start('--folder', folder);
    const body = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${part.headers.get('etag')}</ETag></Part></CompleteMultipartUpload>`;
    const completed = await fetch(`${second.endpoint}/one/big?uploadId=${id}`, { method: 'POST', body });
    expect(completed.status).toBe(200);
    expect((await (await fetch(`${second.endpoint}/one/big`)).arrayBuffer()).byteLength).toBe(100_000);
  });

  it('refuses a folder that another server works on', async () => {
    await start('--folder', folder);
    await expect(startS3Server({ folder })).rejects.toThrow('is in use by another S3 server');
  });

  it('gives a reader the object it opened, though it is replaced meanwhile', async () => {
    const server = await startS3Server({ folder, buckets: ['one'], minimumPartBytes: 1 });
    const url = `${server.endpoint}/one/x`;
    const created = await (await fetch(`${url}?uploads`, { method: 'POST' })).text();
    const id = /<UploadId>(\w+)</.exec(created)?.[1];
    const bytes = randomBytes(20 * MIB);
    let xml = '';
    for (let number = 1; number <= 160; number++) {
      const part = bytes.subarray((number - 1) * MIB * 0.125, number * MIB * 0.125);
      const { headers } = await put(`${url}?partNumber=${number}&uploadId=${id}`, part);
      xml += `<Part><PartNumber>${number}</PartNumber><ETag>${headers.get('etag')}</ETag></Part>`;
    }
    const body = `<CompleteMultipartUpload>${xml}</CompleteMultipartUpload>`;
    await fetch(`${url}?uploadId=${id}`, { method: 'POST', body });
    const reading = await fetch(url);
    await put(url, 'replaced');
    expect(md5Of(new Uint8Array(await reading.arrayBuffer()))).toBe(md5Of(bytes));
    // The replaced parts go when the last reader has let go of them.
    await vi.waitFor(() => expect(readdirSync(join(folder, 'bodies'))).toEqual([]));
    await server.stop();
  });

  it.runIf(process.platform === 'linux')(
    'passes a large object through without holding it in memory',
    async () => {
      const { child, endpoint } = await start('--folder', folder, '--bucket', 'one');
      const chunk = randomBytes(MIB);
      const headers = { 'content-length': 288 * MIB };
      const sending = request(`${endpoint}/one/large`, { method: 'PUT', headers });
      const answered = once(sending, 'response');
      for (let n = 0; n < 288; n++) if (!sending.write(chunk)) await once(sending, 'drain');
      sending.end();
      await answered;
      let received = 0;
      for await (const piece of (await fetch(`${endpoint}/one/large`)).body ?? []) received += piece.length;
      expect(received).toBe(288 * MIB);
      const peakKib = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]);
      expect(peakKib).toBeLessThan(230 * 1024);
    },
  );
});

function md5Of(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('hex');
}
