import type { BatchMessage } from '../../core/batching/batch.ts';

const MiB = 1024 * 1024;

/**
 * Objects up to here take one GET and one PUT, however large; above they go up in parts. A single PUT keeps
 * the ETag an MD5, which verification can compare, costs one request and needs no memory for parts; it is
 * repeated as a whole when it breaks, which bounds it. rclone's own bound for parallel reads is the same.
 */
export const partsFromBytes = 256 * MiB;

/** Size of a part; rclone makes parts larger where 10,000 of them would not do. */
export const partBytes = 64 * MiB;

/** Parts of one object that are on their way at the same time; each is held in memory. */
export const partsAtOnce = 4;

/** Memory for the parts of all large objects together: eight of them at a time. */
export const partsMemoryBytes = 8 * partsAtOnce * partBytes;

/** A dial that takes longer has failed. */
const connectSeconds = 15;

/** A connection that moves no byte for so long is given up. */
const idleSeconds = 60;

/** What the flags depend on. */
export type RcloneTuning = {
  limits: BatchMessage['limits'];
  /** Overrides for tests that cannot move 256 MiB. */
  partsFromBytes?: number;
  partBytes?: number;
  idleSeconds?: number;
  /** What rclone may take before it collects its garbage whenever it wants more; left out = twice what it holds. */
  memoryBytes?: number;
};

/**
 * The arguments of `rclone rcd`; every flag exists since 1.60. No secret is among them: arguments can be
 * read by anyone on the machine. NOTICE is the quietest level that still tells the port.
 */
export function rcdArguments(tuning: RcloneTuning): string[] {
  const { requestsPerSecond, bandwidthBytesPerSecond } = tuning.limits;
  const cutoff = `${tuning.partsFromBytes ?? partsFromBytes}B`;
  const flags: Record<string, string> = {
    'rc-addr': '127.0.0.1:0',
    config: '',
    'log-level': 'NOTICE',
    // The default of an hour would cut off an object that takes longer.
    'rc-server-read-timeout': '8760h',
    'rc-server-write-timeout': '8760h',
    's3-upload-cutoff': cutoff,
    'multi-thread-cutoff': cutoff,
    's3-chunk-size': `${tuning.partBytes ?? partBytes}B`,
    's3-upload-concurrency': `${partsAtOnce}`,
    // Read-ahead per object; small objects come whole, large ones in parts that are buffered anyway.
    'buffer-size': '1Mi',
    contimeout: `${connectSeconds}s`,
    timeout: `${tuning.idleSeconds ?? idleSeconds}s`,
    // Each call leaves a group of statistics behind; nobody reads them.
    'max-stats-groups': '64',
    // Each call is a job, which rclone remembers with its input for a minute: at hundreds a second, 60 MiB.
    'rc-job-expire-duration': '1s',
    'rc-job-expire-interval': '1s',
  };
  if (requestsPerSecond !== null) flags.tpslimit = `${requestsPerSecond}`;
  if (bandwidthBytesPerSecond !== null) flags.bwlimit = `${bandwidthBytesPerSecond}B`;
  return ['rcd', '--use-json-log', ...Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value])];
}

/**
 * The environment of rclone: its own, with nothing of ours but the proxies and what the default AWS
 * credential chain reads. Other variables of ours could change what rclone does (`RCLONE_…`), or break it
 * (1.60 fails every S3 call where AWS_CA_BUNDLE is set).
 *
 * Go lets a heap grow to twice of what is alive, and the parts of large objects are most of it: a machine that gives them half
 * of its memory runs out of it, unless Go is told the end. [src: runtime, "Environment Variables", GOMEMLIMIT]
 */
export function rcloneEnvironment(
  ours: Readonly<Record<string, string | undefined>>,
  { memoryBytes }: Pick<RcloneTuning, 'memoryBytes'> = {},
): Record<string, string> {
  const kept =
    /^(https?_proxy|no_proxy|AWS_(ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN|PROFILE|REGION|SHARED_CREDENTIALS_FILE|CONFIG_FILE|ROLE_ARN|ROLE_SESSION_NAME|WEB_IDENTITY_TOKEN_FILE|CONTAINER_\w+|EC2_METADATA_\w+))$/i;
  const environment: Record<string, string> =
    memoryBytes === undefined ? {} : { GOMEMLIMIT: `${memoryBytes}` };
  for (const [name, value] of Object.entries(ours)) {
    if (value !== undefined && kept.test(name)) environment[name] = value;
  }
  if (ours.HOME !== undefined) {
    environment.AWS_SHARED_CREDENTIALS_FILE ??= `${ours.HOME}/.aws/credentials`;
    environment.AWS_CONFIG_FILE ??= `${ours.HOME}/.aws/config`;
  }
  return environment;
}
