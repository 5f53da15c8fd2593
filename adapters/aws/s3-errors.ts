import { kindOfCode, kindOfStatus } from '../../core/store-answers.ts';
import { StoreError, type StoreErrorKind } from '../../core/store-error.ts';

/** The parts of an AWS SDK or Node error that are read; all of them may be missing. */
type Failure = {
  name?: string;
  message?: string;
  code?: unknown;
  Region?: unknown;
  errors?: unknown;
  $metadata?: { httpStatusCode?: number };
  $response?: { statusCode?: number; headers?: Record<string, string> };
};

/**
 * The `StoreError` for whatever the AWS SDK threw. `region` is the one that was asked: a bare answer that
 * names another one means the wrong region. The SDK's error is not kept as a cause, because it carries the
 * access key id and the string that was signed.
 */
export function storeError(error: unknown, region: string): StoreError {
  if (error instanceof StoreError) return error;
  const failure: Failure = typeof error === 'object' && error !== null ? error : { message: String(error) };
  const status = failure.$metadata?.httpStatusCode ?? failure.$response?.statusCode ?? null;
  const said = failure.$response?.headers?.['x-amz-bucket-region'] ?? failure.Region;
  const bucketRegion = typeof said === 'string' && said !== '' ? said : null;
  const code = codeOf(failure, status);
  const kind = kindOf(code, status, failure, bucketRegion !== null && bucketRegion !== region);
  return new StoreError(kind, `${code}: ${sentenceOf(failure)}`, {
    code,
    status,
    region: kind === 'wrong-region' ? bucketRegion : null,
  });
}

function codeOf(failure: Failure, status: number | null): string {
  const bare = failure.name === undefined || ['Error', 'Unknown', 'UnknownError', ''].includes(failure.name);
  if (status === null && typeof failure.code === 'string') return failure.code;
  return bare ? (status === null ? 'Unknown' : `HTTP${status}`) : String(failure.name);
}

function kindOf(code: string, status: number | null, failure: Failure, elsewhere: boolean): StoreErrorKind {
  const known = kindOfCode(code);
  if (known !== undefined) return known;
  if (status === 400 && elsewhere) return 'wrong-region';
  if (status !== null) return kindOfStatus(status) ?? 'failed';
  if (failure.name === 'TimeoutError') return 'unreachable';
  // Node's system and TLS errors carry a code in capitals, such as ENOTFOUND or CERT_HAS_EXPIRED.
  return typeof failure.code === 'string' && /^[A-Z][A-Z0-9_]+$/.test(failure.code)
    ? 'unreachable'
    : 'failed';
}

/** A refused connection to a name of several addresses is an AggregateError without a message of its own. */
function sentenceOf(failure: Failure): string {
  if (failure.message !== undefined && failure.message !== '') return failure.message;
  const first: unknown = Array.isArray(failure.errors) ? failure.errors[0] : undefined;
  return first instanceof Error ? first.message : 'the store gave no further explanation';
}
