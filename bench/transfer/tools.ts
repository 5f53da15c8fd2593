import { findPeer } from './peers.ts';
import { runTool } from './run-tool.ts';
import type { BenchStore } from './stores.ts';
import type { Subject } from './subject.ts';

/**
 * `rclone copy` with the flags that serve it best here: no HEAD on either side, no look at the destination, the
 * server's time instead of a HEAD for rclone's own, and Drover's part sizes.
 */
export const rcloneCopy: Subject = {
  name: 'rclone copy',
  unable: async () => null,
  run(job) {
    const remote = (name: string, { endpoint }: BenchStore) => ({
      [`RCLONE_CONFIG_${name}_TYPE`]: 's3',
      [`RCLONE_CONFIG_${name}_PROVIDER`]: 'Other',
      [`RCLONE_CONFIG_${name}_ENDPOINT`]: endpoint,
      [`RCLONE_CONFIG_${name}_REGION`]: 'us-east-1',
      [`RCLONE_CONFIG_${name}_ACCESS_KEY_ID`]: 'any',
      [`RCLONE_CONFIG_${name}_SECRET_ACCESS_KEY`]: 'anyanyany',
    });
    const inFlight = `${job.filesInFlight}`;
    const flags = ['--transfers', inFlight, '--checkers', inFlight, '--no-check-dest', '--no-traverse'];
    const s3 = ['--s3-no-head', '--s3-no-check-bucket', '--use-server-modtime'];
    const parts = ['--s3-upload-concurrency', '4', '--s3-chunk-size', '64Mi', '--s3-upload-cutoff', '256Mi'];
    const { source, destination } = job;
    return runTool(
      job.rclone,
      ['copy', `from:${source.bucket}`, `to:${destination.bucket}`, '--config', '', '--fast-list']
        .concat(flags, s3, parts)
        .concat('--buffer-size', '1Mi', '--retries', '1'),
      // After an upload by several threads rclone asks for the object it wrote, and believes it empty without a HEAD.
      { ...remote('FROM', source), RCLONE_CONFIG_FROM_NO_HEAD_OBJECT: 'true', ...remote('TO', destination) },
      job,
    );
  },
};

const notSetUp = 'not set up: npm run bench:setup';

/** `juicefs sync` between two addresses. */
export const juicefsSync: Subject = {
  name: 'juicefs sync',
  unable: async () => ((await findPeer('juicefs')) === null ? notSetUp : null),
  async run(job) {
    const address = ({ endpoint, bucket }: BenchStore) =>
      `minio://any:anyanyany@${new URL(endpoint).host}/${bucket}/`;
    const juicefs = (await findPeer('juicefs')) ?? 'juicefs';
    const flags = ['--threads', `${job.filesInFlight}`];
    return runTool(juicefs, ['sync', ...flags, address(job.source), address(job.destination)], {}, job);
  },
};

/** s5cmd takes one endpoint for both sides, and lets that one server copy inside itself. */
export const s5cmd: Subject = {
  name: 's5cmd',
  unable: async () => 'cannot: one endpoint for both sides, and bytes never pass through it',
  run: () => Promise.reject(new Error('s5cmd cannot copy between two endpoints')),
};
