import type { StoreErrorKind } from './store-error.ts';

/**
 * What each error code of an S3 API means for what happens next; the one table that the SDK's errors and rclone's are read
 * by. [src: Amazon S3 API reference, "Error responses"; IBM COS, Ceph, MinIO and SeaweedFS use the same codes, and
 * QuotaExceeded (Ceph, SeaweedFS), XMinioStorageFull (MinIO) besides] docs/failures.md says what follows.
 */
const kindByCode: Readonly<Record<string, StoreErrorKind>> = {
  NoSuchBucket: 'missing-bucket',
  PermanentRedirect: 'wrong-region',
  TemporaryRedirect: 'failed',
  AuthorizationHeaderMalformed: 'wrong-region',
  IllegalLocationConstraintException: 'wrong-region',
  IllegalLocationConstraint: 'wrong-region',
  AccessDenied: 'denied',
  AllAccessDisabled: 'blocked',
  AccountProblem: 'blocked',
  NotSignedUp: 'blocked',
  QuotaExceeded: 'blocked',
  InsufficientStorage: 'blocked',
  XMinioStorageFull: 'blocked',
  InvalidAccessKeyId: 'credential',
  SignatureDoesNotMatch: 'credential',
  ExpiredToken: 'credential',
  InvalidToken: 'credential',
  TokenRefreshRequired: 'credential',
  InvalidSecurity: 'credential',
  CredentialsProviderError: 'credential',
  RequestTimeTooSkewed: 'failed',
  SlowDown: 'throttled',
  ServiceUnavailable: 'throttled',
  Throttling: 'throttled',
  ThrottlingException: 'throttled',
  RequestLimitExceeded: 'throttled',
  TooManyRequests: 'throttled',
  BandwidthLimitExceeded: 'throttled',
  RequestTimeout: 'throttled',
  'KMS.ThrottlingException': 'throttled',
  'KMS.KMSInternalException': 'failed',
  'KMS.DependencyTimeoutException': 'failed',
  InvalidObjectState: 'archived',
  NotImplemented: 'unsupported',
  MethodNotAllowed: 'unsupported',
  PreconditionFailed: 'precondition',
  ConditionalRequestConflict: 'precondition',
  OperationAborted: 'precondition',
  InvalidRange: 'precondition',
  KeyTooLongError: 'rejected',
  InvalidObjectName: 'rejected',
  InvalidURI: 'rejected',
  EntityTooLarge: 'rejected',
  MetadataTooLarge: 'rejected',
  InvalidTag: 'rejected',
  InvalidStorageClass: 'rejected',
  InvalidArgument: 'rejected',
  // Node's words for a header that cannot be sent.
  ERR_INVALID_CHAR: 'rejected',
  ERR_INVALID_HTTP_TOKEN: 'rejected',
  BadDigest: 'failed',
  IncompleteBody: 'failed',
  InternalError: 'failed',
};

const kindByStatus: Readonly<Record<number, StoreErrorKind>> = {
  301: 'wrong-region',
  403: 'denied',
  405: 'unsupported',
  409: 'precondition',
  412: 'precondition',
  416: 'precondition',
  429: 'throttled',
  501: 'unsupported',
  503: 'throttled',
  507: 'blocked',
  509: 'throttled',
};

/** What a code that is known means, whatever the status. A KMS key that may not be used refuses like a permission. */
export function kindOfCode(code: string): StoreErrorKind | undefined {
  if (Object.hasOwn(kindByCode, code)) return kindByCode[code];
  return code.startsWith('KMS') ? 'denied' : undefined;
}

/** What a status means whose code is unknown, or that came without one. */
export function kindOfStatus(status: number): StoreErrorKind | undefined {
  return kindByStatus[status];
}
