import { setTimeout as sleep } from 'node:timers/promises';
import { S3Error } from './s3-error.ts';

/** Refuses matching requests with AccessDenied, as a bucket policy would. */
export type DenyRule = {
  readonly bucket: string;
  /**
   * An operation's name, or `*`. As with permissions of S3, PutObject covers copies and multipart uploads,
   * GetObject covers HEAD and being the source of a copy, and ListObjectsV2 covers the first version.
   */
  readonly operation: string;
  /** Only keys that start so; absent: the whole bucket. */
  readonly keyPrefix?: string;
};

export type ErrorRate = {
  readonly operation: string;
  readonly status: 500 | 503 | 507;
  /** 0 to 1. */
  readonly probability: number;
};

/** How a server misbehaves. Every field may be changed while it runs and counts from the next request on. */
export type Faults = {
  /** Wait before an answer, by kind of operation. */
  latencyMs: { list: number; read: number; write: number };
  errorRate: readonly ErrorRate[];
  /** Requests a second above which 503 SlowDown is the answer; 0: no limit. */
  throttle: number;
  /** Probability that a GET of an object stops halfway and the connection breaks. */
  truncateBody: number;
  /** Probability that a GET of an object breaks the connection before a word is said. */
  dropConnection: number;
  /** Probability that a request is never answered. */
  hang: number;
  deny: readonly DenyRule[];
  /** Access keys refused with ExpiredToken. */
  expiredKeys: readonly string[];
  /** What the store is bad at: `v2` is all well; see `listing-operations.ts` for the others. */
  listing:
    | 'v2'
    | 'v1-only'
    | 'no-start-after'
    | 'token-only'
    | 'no-delimiter'
    | 'unordered'
    | 'no-url-encoding';
  /** False: the store knows no object tags. */
  tagging: boolean;
  /** Where the dice start; the same seed and the same requests give the same faults. */
  seed: number;
};

const codeOf = { 500: 'InternalError', 503: 'SlowDown', 507: 'InsufficientStorage' } as const;

/** Operations that S3 lets do, or not, with the permission for another. */
const COVERED_BY: Readonly<Record<string, string>> = {
  CopyObject: 'PutObject',
  CreateMultipartUpload: 'PutObject',
  UploadPart: 'PutObject',
  UploadPartCopy: 'PutObject',
  CompleteMultipartUpload: 'PutObject',
  HeadObject: 'GetObject',
  ListObjects: 'ListObjectsV2',
};

/** A server without faults, except those given. */
export function faultsWith(given: Partial<Faults> = {}): Faults {
  return {
    latencyMs: { list: 0, read: 0, write: 0 },
    errorRate: [],
    throttle: 0,
    truncateBody: 0,
    dropConnection: 0,
    hang: 0,
    deny: [],
    expiredKeys: [],
    listing: 'v2',
    tagging: true,
    seed: 1,
    ...given,
  };
}

/** Turns the settings into what happens to one request. */
export class FaultInjector {
  readonly settings: Faults;
  #dice: () => number;
  #seed: number;
  #allowance = Number.POSITIVE_INFINITY;
  #allowanceAtMs = 0;

  constructor(settings: Faults) {
    this.settings = settings;
    this.#seed = settings.seed;
    this.#dice = seededDice(settings.seed);
  }

  /**
   * Waits, then refuses or lets pass.
   * @returns `hang` when no answer must ever be given
   * @throws {S3Error} SlowDown, InternalError, InsufficientStorage
   */
  async before(operation: string): Promise<'go' | 'hang'> {
    const { hang, latencyMs, throttle, errorRate } = this.settings;
    if (this.#happens(hang)) return 'hang';
    const waitMs = latencyMs[kindOf(operation)];
    if (waitMs > 0) await sleep(waitMs);
    if (throttle > 0 && !this.#withinRate(throttle)) throw new S3Error('SlowDown');
    for (const rule of errorRate) {
      if (rule.operation !== '*' && rule.operation !== operation) continue;
      if (this.#happens(rule.probability)) throw new S3Error(codeOf[rule.status]);
    }
    return 'go';
  }

  /** What becomes of an answered GET of an object. */
  onObjectBody(): 'whole' | 'truncated' | 'dropped' {
    if (this.#happens(this.settings.dropConnection)) return 'dropped';
    return this.#happens(this.settings.truncateBody) ? 'truncated' : 'whole';
  }

  /** @throws {S3Error} AccessDenied when a rule forbids the operation there */
  refuseDenied(operation: string, bucket: string, key: string): void {
    for (const rule of this.settings.deny) {
      const named = rule.operation === '*' || rule.operation === operation;
      const fits = rule.bucket === bucket && (named || COVERED_BY[operation] === rule.operation);
      if (fits && key.startsWith(rule.keyPrefix ?? '')) throw new S3Error('AccessDenied');
    }
  }

  #happens(probability: number): boolean {
    if (probability <= 0) return false;
    if (this.#seed !== this.settings.seed) {
      this.#seed = this.settings.seed;
      this.#dice = seededDice(this.#seed);
    }
    return this.#dice() < probability;
  }

  /** A bucket of one second's allowance that fills up steadily. */
  #withinRate(requestsPerSecond: number): boolean {
    const nowMs = performance.now();
    const earned = ((nowMs - this.#allowanceAtMs) / 1000) * requestsPerSecond;
    this.#allowance = Math.min(requestsPerSecond, this.#allowance + earned);
    this.#allowanceAtMs = nowMs;
    if (this.#allowance < 1) return false;
    this.#allowance -= 1;
    return true;
  }
}

function kindOf(operation: string): 'list' | 'read' | 'write' {
  if (operation.startsWith('List')) return 'list';
  return operation.startsWith('Get') || operation.startsWith('Head') ? 'read' : 'write';
}

/** Mulberry32: 32 bits of state are plenty for dice, and the sequence is the same on every machine. */
function seededDice(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
