import { type CopyEnding, exception } from '../../core/transfer/copy-failure.ts';
import type { ExceptionKind } from '../../core/transfer/outcome.ts';

/** Which side of a copy something happened on. */
export type Side = 'source' | 'destination' | 'unknown';

/**
 * What rclone's error means. `mismatch`: the bytes that arrived have another MD5 than was promised.
 * `unclear`: a HEAD was refused, and a HEAD has no body that could say why; a GET would. `transient`:
 * everything that another attempt may heal, and everything unknown.
 */
export type RcloneError = {
  side: Side;
  meaning:
    | 'missing'
    | 'changed'
    | 'denied'
    | 'credential'
    | 'throttled'
    | 'archived'
    | 'too-large'
    | 'unrepresentable'
    | 'mismatch'
    | 'unclear'
    | 'transient';
};

type Meaning = RcloneError['meaning'];

/** S3's error codes. [src: Amazon S3 API reference, "Error responses"] Others mean what their status means. */
const meaningByCode: Readonly<Record<string, Meaning>> = {
  NoSuchKey: 'missing',
  NoSuchBucket: 'transient',
  PreconditionFailed: 'changed',
  InvalidAccessKeyId: 'credential',
  SignatureDoesNotMatch: 'credential',
  ExpiredToken: 'credential',
  InvalidToken: 'credential',
  TokenRefreshRequired: 'credential',
  InvalidSecurity: 'credential',
  RequestTimeTooSkewed: 'transient',
  SlowDown: 'throttled',
  ServiceUnavailable: 'throttled',
  Throttling: 'throttled',
  ThrottlingException: 'throttled',
  RequestLimitExceeded: 'throttled',
  BandwidthLimitExceeded: 'throttled',
  InvalidObjectState: 'archived',
  BadDigest: 'mismatch',
  EntityTooLarge: 'too-large',
  KeyTooLongError: 'unrepresentable',
  InvalidObjectName: 'unrepresentable',
  InvalidURI: 'unrepresentable',
  MetadataTooLarge: 'unrepresentable',
  InvalidTag: 'unrepresentable',
  InvalidStorageClass: 'unrepresentable',
};

const meaningByStatus: Readonly<Record<number, Meaning>> = {
  403: 'denied',
  404: 'missing',
  412: 'changed',
  429: 'throttled',
  503: 'throttled',
};

/** Texts without a code. [measured: 1.60.1 and 1.75.2; see the test, which holds the texts] */
const meaningByText: readonly [RegExp, Meaning][] = [
  [/object not found/, 'missing'],
  [/corrupted on transfer/, 'mismatch'],
  [/Object in GLACIER, restore first/, 'archived'],
  [/NoCredentialProviders|failed to refresh cached credentials|no EC2 IMDS role found/, 'credential'],
];

/**
 * Reads rclone's error, of either generation:
 * - 1.60: `failed to open source object: AccessDenied: Access Denied\n\tstatus code: 403, request id: …`
 * - 1.75: `operation error S3: PutObject, https response error StatusCode: 403, …, api error AccessDenied: …`
 */
export function readRcloneError(text: string): RcloneError {
  const modern = /operation error S3: (\w+).*?StatusCode: (\d+)(?:.*?api error ([\w.]+):)?/s.exec(text);
  const older = /(?:^|[:,] )([A-Z][\w.]+): [^\n]*\n\s*status code: (\d+)/.exec(text);
  const status = Number(modern?.[2] ?? older?.[2] ?? 0);
  const code = modern?.[3] ?? older?.[1] ?? '';
  return { side: sideOf(text, modern?.[1], status), meaning: meaningOf(text, code, status) };
}

function meaningOf(text: string, code: string, status: number): Meaning {
  const known = Object.hasOwn(meaningByCode, code) ? meaningByCode[code] : undefined;
  if (known !== undefined) return known;
  if (code.startsWith('KMS.')) return 'denied';
  // Without a body both generations make up the code from the name of the status.
  if (code === 'Forbidden' || code === 'BadRequest') return 'unclear';
  return meaningByStatus[status] ?? meaningByText.find(([pattern]) => pattern.test(text))?.[1] ?? 'transient';
}

function sideOf(text: string, operation: string | undefined, status: number): Side {
  // A source that breaks off is what makes the PUT end early.
  if (/unexpected EOF$/.test(text)) return 'unknown';
  if (/failed to open source|^object not found$/.test(text)) return 'source';
  if (operation === 'GetObject' || operation === 'HeadObject') return 'source';
  if (operation !== undefined || /upload|chunk writer/.test(text)) return 'destination';
  if (/\bPut "/.test(text)) return 'destination';
  if (/\b(Get|Head) "/.test(text)) return 'source';
  // What 1.60 says without a prefix comes from its PUT: it opens the source with one, and does no HEAD.
  return status === 0 ? 'unknown' : 'destination';
}

const exceptions: Readonly<Record<Side, Partial<Record<Meaning, ExceptionKind>>>> = {
  source: {
    missing: 'source-missing',
    changed: 'source-changed',
    denied: 'source-denied',
    archived: 'source-archived',
  },
  destination: {
    denied: 'destination-denied',
    'too-large': 'too-large',
    unrepresentable: 'unrepresentable',
  },
  unknown: {},
};

/** How the attempt ends for that error; `reason` is what an operator reads. */
export function endingOf({ side, meaning }: RcloneError, reason: string): CopyEnding {
  const kind = exceptions[side][meaning];
  if (kind !== undefined) return exception(kind, reason);
  const result = meaning === 'throttled' || meaning === 'credential' ? meaning : 'retry';
  return { result, side, reason };
}
