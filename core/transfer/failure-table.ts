import type { StoreError } from '../store-error.ts';
import type { ExceptionKind } from './outcome.ts';

/**
 * What is to be done about an attempt that failed:
 * - `retry`: a later attempt may heal it; a message with what is left waits longer each time.
 * - `throttled`: the same, and the worker halves what it has in flight.
 * - `credential`: secrets are read again; if that does not help, the worker takes no more until they are mended.
 * - `blocked`: the store as a whole does not serve (full, disabled, gone, unreachable); the worker takes no more until it does.
 * - `unfit`: it is the worker that cannot go on; it gives everything back and ends, and the fleet starts another one.
 */
export type Remedy = 'retry' | 'throttled' | 'credential' | 'blocked' | 'unfit';

/** What happens to the object: one of those, or it ends as an exception of that kind. */
export type Verdict = Remedy | ExceptionKind;

/** What a failure means, in whosever words it came. */
export type Meaning = keyof typeof failureTable;

/**
 * What each meaning leads to, at the source and at the destination. Where nobody can tell the side it is retried, unless
 * both sides lead to the same. docs/failures.md lists the errors themselves, and a test holds the two together.
 */
export const failureTable = {
  /** The object is not there. The destination says so of an upload, which begins anew. */
  missing: { source: 'source-missing', destination: 'retry' },
  /** It was overwritten while it was read, or something else is being done with it. */
  changed: { source: 'retry', destination: 'retry' },
  denied: { source: 'source-denied', destination: 'destination-denied' },
  /** All that is written is encrypted with one key, what is read need not be. */
  'key-refused': { source: 'source-denied', destination: 'blocked' },
  credential: { source: 'credential', destination: 'credential' },
  throttled: { source: 'throttled', destination: 'throttled' },
  archived: { source: 'source-archived', destination: 'retry' },
  'too-large': { source: 'exhausted', destination: 'too-large' },
  /** The store will never take this name, these properties or this operation. */
  rejected: { source: 'exhausted', destination: 'unrepresentable' },
  /** The bytes that arrived have another MD5 than was promised. */
  mismatch: { source: 'retry', destination: 'retry' },
  /** A HEAD was refused, and a HEAD has no body that could say why; a GET would. */
  unclear: { source: 'retry', destination: 'retry' },
  blocked: { source: 'blocked', destination: 'blocked' },
  unfit: { source: 'unfit', destination: 'unfit' },
  /** Everything that another attempt may heal, and everything unknown. */
  transient: { source: 'retry', destination: 'retry' },
} as const satisfies Record<string, { source: Verdict; destination: Verdict }>;

/** What a failure leads to. */
export function verdictOn(meaning: Meaning, side: 'source' | 'destination' | 'unknown'): Verdict {
  const { source, destination } = failureTable[meaning];
  if (side !== 'unknown') return failureTable[meaning][side];
  return source === destination ? source : 'retry';
}

/** Node's and the system's words for a machine that has run out of something. [src: errno(3)] */
const unfitCodes = new Set(['EMFILE', 'ENFILE', 'ENOSPC', 'EDQUOT', 'ENOMEM', 'ENOBUFS', 'EADDRNOTAVAIL']);

/** A store that nobody can reach, or whose certificate nobody can trust. [src: errno(3); Node, "OpenSSL error codes"] */
const blockedCodes =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|EPROTO|CERT_\w+|ERR_TLS_\w+|ERR_SSL_\w+|DEPTH_ZERO_\w+|SELF_SIGNED_\w+|UNABLE_TO_\w+)$/;

/** What a store's refusal means for an object that is being copied. */
export function meaningOfStoreError({ kind, code, status, message }: StoreError): Meaning {
  if (status === null && unfitCodes.has(code)) return 'unfit';
  if (status === null && blockedCodes.test(code)) return 'blocked';
  if (code === 'TimeoutError' || code === 'ETIMEDOUT') return 'throttled';
  if (status !== null && tellsFullDisk(message)) return 'blocked';
  return meaningOfKind(kind, code);
}

/** A store of any make whose disk is full may say so in a 500. */
export function tellsFullDisk(text: string): boolean {
  return /no space left on device|disk quota exceeded/i.test(text);
}

/** What a kind of refusal, with the store's code, means for an object that is being copied. */
export function meaningOfKind(kind: StoreError['kind'], code: string): Meaning {
  switch (kind) {
    case 'missing-bucket':
    case 'wrong-region':
    case 'blocked':
      return 'blocked';
    case 'denied':
      return code.startsWith('KMS') ? 'key-refused' : 'denied';
    case 'credential':
    case 'throttled':
    case 'archived':
      return kind;
    case 'precondition':
      return 'changed';
    case 'rejected':
      return code === 'EntityTooLarge' ? 'too-large' : 'rejected';
    case 'unsupported':
      return 'rejected';
    default:
      return code === 'BadDigest' ? 'mismatch' : 'transient';
  }
}
