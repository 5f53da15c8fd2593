/**
 * Why a store refused or failed, in the words that decide what happens next:
 * `missing-bucket`, `wrong-region`, `unsupported`: the request must change. `denied`: valid credentials without the permission.
 * `credential`: the credentials themselves are refused (unknown, wrong, expired). `archived`: the object must
 * be restored first. `throttled`, `unreachable`, `failed`: the same call may succeed later.
 * `blocked`: the store or the account serves nobody until a person mends it (full, disabled).
 * `precondition`: an If-Match or If-None-Match did not hold. `rejected`: the store will never accept this.
 */
export type StoreErrorKind =
  | 'missing-bucket'
  | 'wrong-region'
  | 'unsupported'
  | 'denied'
  | 'credential'
  | 'archived'
  | 'blocked'
  | 'throttled'
  | 'unreachable'
  | 'precondition'
  | 'rejected'
  | 'failed';

/** The code of an `unsupported` listing whose keys are out of order among themselves, whichever way it is paged. */
export const unorderedCode = 'ListingUnordered';

/** The one error that an `ObjectStore` throws. The message is the store's own, with its code. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly kind: StoreErrorKind;
  /** The store's error code, such as `AccessDenied`. */
  readonly code: string;
  readonly status: number | null;
  /** The region in which the bucket really is, where the store said so. */
  readonly region: string | null;

  constructor(
    kind: StoreErrorKind,
    message: string,
    options: { code: string; status?: number | null; region?: string | null; cause?: unknown },
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.kind = kind;
    this.code = options.code;
    this.status = options.status ?? null;
    this.region = options.region ?? null;
  }
}
