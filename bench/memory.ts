import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3ObjectStore } from '../adapters/aws/s3-object-store.ts';
import { SecretsFile } from '../adapters/disk/secrets-file.ts';
import { findRclone } from '../local/find-rclone.ts';
import { laptopPace } from '../local/local-run.ts';
import { runMigration } from '../local/run-migration.ts';
import { startS3Server } from '../local/s3-server/s3-server.ts';
import type { Row } from './rows.ts';

const sizes = [10_000, 200_000];
const sampleMs = 250;

/**
 * Peak memory of the lister, of a worker and of its rclone, over a whole migration of many tiny objects: it is
 * to be the same for 10,000 and for 200,000. Peaks are the kernel's own (VmHWM), read while the processes live.
 */
export async function memory(say: (line: string) => void): Promise<Row[]> {
  const rclone = await findRclone({ say });
  const rows: Row[] = [];
  for (const objects of sizes) rows.push(...(await measure(objects, rclone, say)));
  return rows;
}

async function measure(objects: number, rclone: string, say: (line: string) => void): Promise<Row[]> {
  const out = await mkdtemp(join(tmpdir(), 'drover-bench-'));
  const source = await startS3Server({ buckets: ['from-here'] });
  const destination = await startS3Server({ buckets: ['to-there'] });
  const store = new S3ObjectStore({
    provider: 'Other',
    bucket: 'from-here',
    region: 'us-east-1',
    endpoint: source.endpoint,
    credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
  });
  say(`writing ${objects} objects ...`);
  const numbers = Array.from({ length: objects }, (_, n) => n)[Symbol.iterator]();
  const write = async (): Promise<void> => {
    for (const n of numbers)
      await store.put(
        `many/${n % 100}/object-${n}`,
        new TextEncoder().encode(String(n)),
        String(n).length,
        {},
      );
  };
  await Promise.all(Array.from({ length: 32 }, write));
  store.close();
  const secretsFile = join(out, 'secrets.json');
  await writeFile(secretsFile, JSON.stringify({ any: 'any' }), { mode: 0o600 });
  const secrets = { accessKey: 'any', secretKey: 'any' };
  const peaks = new Map<string, number>();
  const sampler = setInterval(() => void sample(out, peaks), sampleMs);
  say(`migrating ${objects} objects ...`);
  const never = new AbortController().signal;
  try {
    const { report } = await runMigration({
      migration: 'memory',
      request: {
        source: { bucket: 'from-here', endpoint: source.endpoint, secrets },
        destination: { bucket: 'to-there', endpoint: destination.endpoint, secrets },
        objectTags: 'ignore',
      },
      secrets: new SecretsFile(secretsFile),
      secretsFile,
      out,
      workers: 1,
      rclone,
      pace: laptopPace,
      stop: never,
      halt: never,
      onProgress: () => undefined,
    });
    if (report?.status !== 'SUCCEEDED')
      throw new Error(`the migration ended ${report?.status}: ${JSON.stringify(report?.error)}`);
    const seconds = Math.round(report.seconds);
    return [...peaks].map(([subject, kib]) => ({
      bench: 'memory',
      case: `${objects} objects`,
      subject,
      peakMiB: Math.round(kib / 1024),
      seconds,
    }));
  } finally {
    clearInterval(sampler);
    await Promise.all([source.stop(), destination.stop()]);
    await rm(out, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Notes the peak so far of each of our processes, found by the job store in their environment. */
async function sample(out: string, peaks: Map<string, number>): Promise<void> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const ours = new Map<string, string>();
  for (const pid of pids) {
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
    if (!environment.includes(`disk:${out}`)) continue;
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    ours.set(pid, /containers\/(lister|worker)\//.exec(command)?.[1] ?? '');
  }
  for (const pid of pids) {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    const parent = /^PPid:\s+(\d+)/m.exec(status)?.[1] ?? '';
    const subject = ours.get(pid) || (ours.get(parent) === 'worker' ? 'rclone' : '');
    const peak = Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0);
    if (subject !== '') peaks.set(subject, Math.max(peaks.get(subject) ?? 0, peak));
  }
}
