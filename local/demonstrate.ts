import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { storeOpener } from '../adapters/aws/open-store.ts';
import { SecretsFile } from '../adapters/disk/secrets-file.ts';
import { textFromBytes } from '../core/byte-size.ts';
import { destinationLocation, sourceBucket } from '../core/migration.ts';
import { isS3Request, parseRequest } from '../core/request.ts';
import { demoObjects } from './demo/demo-objects.ts';
import { startDemoServer } from './demo/demo-server.ts';
import { fillBuckets } from './demo/fill-buckets.ts';
import { findRclone } from './find-rclone.ts';
import { laptopPace, type RunControls } from './local-run.ts';
import { closeRun, defaultOut, watchRun } from './run-command.ts';
import { parseOptions, UsageError } from './usage.ts';

/**
 * `drover demo`: fills a bucket with objects that are hard to move, on an S3 server of ours on loopback, migrates
 * it to another one through the real state machines, and shows the report. Gives the exit code of the migration.
 */
export async function demonstrate(argv: readonly string[]): Promise<number> {
  const {
    out,
    json,
    break: breaks,
  } = parseOptions(argv, {
    out: { type: 'string', default: join(defaultOut, 'demo') },
    json: { type: 'boolean', default: false },
    break: { type: 'boolean', default: false },
  });
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const rclone = await findRclone({ say });
  await clearFolder(out);
  const keys = { source: newKeys(), destination: newKeys() };
  const source = await startDemoServer(join(out, 'source'), 'media-archive', keys.source);
  const destination = await startDemoServer(join(out, 'destination'), 'archive', keys.destination);
  try {
    const secretsFile = join(out, 'secrets.json');
    const values = {
      '/migration/source_access_key': keys.source.accessKey,
      '/migration/source_secret_key': keys.source.secretKey,
      '/migration/source_endpoint': source.endpoint,
      '/demo/destination_access_key': keys.destination.accessKey,
      '/demo/destination_secret_key': keys.destination.secretKey,
    };
    await writeFile(secretsFile, JSON.stringify(values, null, 2), { mode: 0o600 });
    const secrets = new SecretsFile(secretsFile);
    const input = {
      source: { bucket: 'media-archive' },
      destination: {
        bucket: 'archive',
        endpoint: destination.endpoint,
        secrets: { accessKey: '/demo/destination_access_key', secretKey: '/demo/destination_secret_key' },
      },
      select: { exclude: ['tmp/**'] },
      rules: [{ match: 'masters/**', storageClass: 'STANDARD_IA', tags: { team: 'media' } }],
    };
    const request = parseRequest(input);
    if (!isS3Request(request)) throw new TypeError('the demonstration reads a bucket');
    const objects = demoObjects();
    const bytes = objects.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    say(
      `Filling the source bucket with ${objects.length} objects (${textFromBytes(bytes)}), keys that tools get wrong among them ...`,
    );
    const openStore = storeOpener(secrets);
    const stores = [
      await openStore(sourceBucket(request)),
      await openStore(destinationLocation(request)),
    ] as const;
    await fillBuckets(objects, ...stores);
    for (const store of stores) store.close();
    const pace = { ...laptopPace, shardRows: 500, leaseSeconds: 8 };
    const result = await watchRun({
      migration: 'demo',
      request: input,
      secrets,
      secretsFile,
      out,
      workers: 2,
      rclone,
      pace,
      ...(breaks && { onRunning: (controls: RunControls) => breakOnPurpose(controls) }),
    });
    return closeRun(result, out, json);
  } finally {
    await Promise.all([source.stop(), destination.stop()]);
  }
}

const marker = '.drover-demo';

/** Empties the folder of an earlier demonstration; refuses one that holds anything else. Throws `UsageError`. */
async function clearFolder(out: string): Promise<void> {
  const names = await readdir(out).catch((): string[] => []);
  if (names.length > 0 && !names.includes(marker)) {
    throw new UsageError(
      `--out ${out} holds files that no demonstration wrote. Name a folder that is empty or not there yet.`,
    );
  }
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  await writeFile(join(out, marker), '');
}

/** Kills a worker a few seconds into the migration, as a lost machine would, for whoever wants to see it heal. */
function breakOnPurpose({ killWorker }: RunControls): void {
  const killAfterMs = 5_000;
  setTimeout(killWorker, killAfterMs).unref();
}

function newKeys(): { accessKey: string; secretKey: string } {
  return {
    accessKey: `DEMO${randomBytes(8).toString('hex').toUpperCase()}`,
    secretKey: randomBytes(20).toString('base64url'),
  };
}
