import { nodeFlags } from '../local/child.ts';
import { findRclone } from '../local/find-rclone.ts';
import { findPeer } from './transfer/peers.ts';

const here = (file: string): string => new URL(file, import.meta.url).pathname;
const node = [process.execPath, ...nodeFlags];

/** Somebody who lists a bucket. */
export type Subject = {
  name: string;
  /** null = not here. */
  command: readonly string[] | null;
  environment?: Record<string, string>;
  /** Its job store is in memory. */
  inMemory?: true;
};

/** All who list the bucket `big` of the server at this endpoint; `say` hears of who is not set up. */
export async function subjectsFor(
  { endpoint, queueUrl }: { endpoint: string; queueUrl: string },
  say: (line: string) => void,
): Promise<Subject[]> {
  const rclone = await findRclone({ say: () => undefined }).catch(() => null);
  const s5cmd = await findPeer('s5cmd');
  if (s5cmd === null) say('s5cmd is not set up: npm run bench:setup');
  const remote = {
    RCLONE_CONFIG_BENCH_TYPE: 's3',
    RCLONE_CONFIG_BENCH_PROVIDER: 'Other',
    RCLONE_CONFIG_BENCH_ENDPOINT: endpoint,
    RCLONE_CONFIG_BENCH_ACCESS_KEY_ID: 'any',
    RCLONE_CONFIG_BENCH_SECRET_ACCESS_KEY: 'any',
    RCLONE_CONFIG_BENCH_FORCE_PATH_STYLE: 'true',
  };
  const lsf = (...more: string[]) =>
    rclone === null ? null : [rclone, 'lsf', '-R', '--files-only', '--config', '', ...more, 'bench:big'];
  const keys = { AWS_ACCESS_KEY_ID: 'any', AWS_SECRET_ACCESS_KEY: 'any', AWS_REGION: 'us-east-1' };
  return [
    { name: 'serial SDK loop', command: [...node, here('list-serially.ts'), endpoint, 'big'] },
    { name: 'drover', command: [...node, here('list-with-drover.ts'), endpoint, 'big', 'empty'] },
    {
      name: 'drover, job store in memory',
      command: [...node, here('list-with-drover.ts'), endpoint, 'big', 'empty'],
      inMemory: true,
    },
    {
      name: 'drover, full destination, job store in memory',
      command: [...node, here('list-with-drover.ts'), endpoint, 'big', 'copy'],
      inMemory: true,
    },
    {
      name: 'drover, full destination',
      command: [...node, here('list-with-drover.ts'), endpoint, 'big', 'copy'],
    },
    {
      name: 'drover, job store in S3, messages to SQS',
      command: [...node, here('list-with-drover.ts'), endpoint, 'big', 'empty'],
      environment: { ...keys, JOB_STORE: 's3://jobs', AWS_ENDPOINT_URL_S3: endpoint, QUEUE_URL: queueUrl },
    },
    { name: 'rclone lsf -R', command: lsf(), environment: remote },
    { name: 'rclone lsf -R --fast-list', command: lsf('--fast-list'), environment: remote },
    {
      name: 's5cmd ls',
      command: s5cmd === null ? null : [s5cmd, '--endpoint-url', endpoint, 'ls', 's3://big/*'],
      environment: keys,
    },
  ];
}
