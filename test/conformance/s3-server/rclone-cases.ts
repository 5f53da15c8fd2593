import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { HeadObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rcloneForTests } from '../../support/rclone.ts';
import { HARD_KEYS } from './hard-keys.ts';
import { shown } from './key-cases.ts';
import { inByteOrder, putAll, type Subject } from './target.ts';

const run = promisify(execFile);
const MIB = 1024 * 1024;

/** The server as rclone, which does the copying in a migration, sees it. */
export function rcloneCases(subject: () => Subject): void {
  describe('rclone', () => {
    const folder = mkdtempSync(join(tmpdir(), 'drover-rclone-'));
    let binary = '';
    let bucket = '';

    /** Runs rclone with the server as remote `t` and nothing else in its environment; gives what it printed. */
    const rclone = async (...args: readonly string[]): Promise<Buffer> => {
      const { target } = subject();
      const env = {
        HOME: folder,
        RCLONE_CONFIG: join(folder, 'rclone.conf'),
        RCLONE_CONFIG_T_TYPE: 's3',
        RCLONE_CONFIG_T_PROVIDER: 'Other',
        RCLONE_CONFIG_T_ENDPOINT: target.endpoint,
        RCLONE_CONFIG_T_REGION: target.region,
        RCLONE_CONFIG_T_ACCESS_KEY_ID: target.accessKeyId,
        RCLONE_CONFIG_T_SECRET_ACCESS_KEY: target.secretAccessKey,
        RCLONE_CONFIG_T_ENCODING: 'Slash,InvalidUtf8,Dot',
      };
      const limits = { env, encoding: 'buffer', maxBuffer: 64 * MIB, timeout: 20_000 } as const;
      return (await run(binary, [...args, '--retries', '1', '--low-level-retries', '1'], limits)).stdout;
    };

    beforeAll(async () => {
      writeFileSync(join(folder, 'rclone.conf'), '');
      binary = process.env.DROVER_RCLONE ?? (await rcloneForTests());
      bucket = await subject().newBucket();
    });
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    it('puts a file, reads it back and knows its MD5', async () => {
      const bytes = randomBytes(100_000);
      writeFileSync(join(folder, 'small.bin'), bytes);
      await rclone('copyto', join(folder, 'small.bin'), `t:${bucket}/in a folder/small #1.bin`);
      expect((await rclone('cat', `t:${bucket}/in a folder/small #1.bin`)).equals(bytes)).toBe(true);
      const md5 = createHash('md5').update(bytes).digest('hex');
      expect((await rclone('hashsum', 'MD5', `t:${bucket}/in a folder`)).toString()).toBe(
        `${md5}  small #1.bin\n`,
      );
    });

    it('reads ranges', async () => {
      writeFileSync(join(folder, 'digits'), '0123456789');
      await rclone('copyto', join(folder, 'digits'), `t:${bucket}/digits`);
      expect((await rclone('cat', '--offset', '3', '--count', '4', `t:${bucket}/digits`)).toString()).toBe(
        '3456',
      );
      expect((await rclone('cat', '--tail', '2', `t:${bucket}/digits`)).toString()).toBe('89');
    });

    it('uploads in parts above its cutoff, and finds source and destination equal', async () => {
      const bytes = randomBytes(12 * MIB);
      writeFileSync(join(folder, 'large.bin'), bytes);
      const cutoffs = ['--s3-upload-cutoff', '5Mi', '--s3-chunk-size', '5Mi'];
      await rclone('copyto', ...cutoffs, join(folder, 'large.bin'), `t:${bucket}/parts/large.bin`);
      const address = { Bucket: bucket, Key: 'parts/large.bin' };
      const head = await subject().client.send(new HeadObjectCommand(address));
      expect(head).toMatchObject({ ContentLength: bytes.length, ETag: expect.stringMatching(/-3"$/) });
      await rclone(
        'check',
        '--download',
        '--one-way',
        '--include',
        '/large.bin',
        folder,
        `t:${bucket}/parts`,
      );
    });

    it('lists hard keys as they are', async () => {
      const keys = HARD_KEYS.filter((key) => key !== 'dir/a');
      const listed = await subject().newBucket();
      await putAll(subject(), listed, keys);
      const printed = (await rclone('lsjson', '-R', '--files-only', `t:${listed}`)).toString();
      const rows: readonly { Path: string; Size: number }[] = JSON.parse(printed);
      // rclone shows the control pictures it uses for quoting behind a quote mark of its own.
      const paths = rows.map(({ Path }) => Path.replaceAll('\u201b', ''));
      expect(inByteOrder(paths).map(shown)).toEqual(
        inByteOrder(keys.map((key) => key.replaceAll('\u201b', ''))).map(shown),
      );
    });

    it('copies on the server and keeps the metadata', async () => {
      await rclone(
        'copyto',
        '--metadata',
        '--metadata-set',
        'team=media',
        join(folder, 'digits'),
        `t:${bucket}/meta/one`,
      );
      await rclone('copyto', '--metadata', `t:${bucket}/meta/one`, `t:${bucket}/meta/two`);
      const head = await subject().client.send(new HeadObjectCommand({ Bucket: bucket, Key: 'meta/two' }));
      expect(head.Metadata).toMatchObject({ team: 'media', mtime: expect.any(String) });
    });

    it('makes an address that works without credentials for a while', async () => {
      const link = (await rclone('link', '--expire', '1h', `t:${bucket}/digits`)).toString().trim();
      const answer = await fetch(link);
      expect([answer.status, await answer.text()]).toEqual([200, '0123456789']);
    });

    it('deletes a file, and a folder with all that is in it', async () => {
      await rclone('deletefile', `t:${bucket}/digits`);
      await rclone('purge', `t:${bucket}/meta`);
      const left = (await rclone('lsf', '-R', '--files-only', `t:${bucket}`))
        .toString()
        .trim()
        .split('\n')
        .sort();
      expect(left).toEqual(['in a folder/small #1.bin', 'parts/large.bin']);
    });
  });
}
