import { kindOfCode, kindOfStatus } from '../../core/store-answers.ts';
import type { Side } from '../../core/transfer/copy-failure.ts';
import { type Meaning, meaningOfKind, tellsFullDisk } from '../../core/transfer/failure-table.ts';

/** What rclone's error means, and at which side. */
export type RcloneError = { side: Side; meaning: Meaning };

/**
 * Texts without a code: rclone's own, and those of Go when no answer came. [measured: 1.60.1 and 1.75.2; the test holds
 * the texts. The operating system's words are Go's, package syscall]
 */
const meaningByText: readonly [RegExp, Meaning][] = [
  [/object not found/, 'missing'],
  [/corrupted on transfer/, 'mismatch'],
  [/Object in GLACIER, restore first/, 'archived'],
  [/NoCredentialProviders|failed to refresh cached credentials|no EC2 IMDS role found/, 'credential'],
  [
    /too many open files|no space left on device|disk quota exceeded|cannot allocate memory|no buffer space available|cannot assign requested address/,
    'unfit',
  ],
  [/connection refused|no such host|no route to host|network is unreachable|server misbehaving/, 'blocked'],
  [/x509: |tls: |server gave HTTP response to HTTPS client/, 'blocked'],
  [
    /timeout awaiting response headers|TLS handshake timeout|i\/o timeout|connection timed out|context deadline exceeded/,
    'throttled',
  ],
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
  if (status > 0 && tellsFullDisk(text)) return 'blocked';
  if (code === 'NoSuchKey') return 'missing';
  const known = kindOfCode(code);
  if (known !== undefined) return meaningOfKind(known, code);
  // Without a body both generations make up the code from the name of the status.
  if (code === 'Forbidden' || code === 'BadRequest') return 'unclear';
  if (status === 404) return 'missing';
  const ofStatus = kindOfStatus(status);
  if (ofStatus !== undefined) return meaningOfKind(ofStatus, code);
  return meaningOfText(text) ?? 'transient';
}

/** What a text without a code means, where it is a known one. */
export function meaningOfText(text: string): Meaning | undefined {
  return meaningByText.find(([pattern]) => pattern.test(text))?.[1];
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
