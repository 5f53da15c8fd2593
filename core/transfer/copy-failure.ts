import { InvalidRequest, SecretMissing } from '../errors.ts';
import { StoreError } from '../store-error.ts';
import type { CopyResult } from './copy-result.ts';
import type { ExceptionKind } from './outcome.ts';

/** How an attempt ended, without what it cost. */
export type CopyEnding = CopyResult extends infer Result
  ? Result extends CopyResult
    ? Omit<Result, 'carrier' | 'requests' | 'sizeBytes'>
    : never
  : never;

type Side = 'source' | 'destination';

/** An object that ends here. */
export function exception(kind: ExceptionKind, reason: string): CopyEnding {
  return { result: 'exception', kind, reason };
}

/**
 * What a failure of one side means for the object:
 *
 * | kind                                    | at the source              | at the destination            |
 * |-----------------------------------------|----------------------------|-------------------------------|
 * | denied                                  | exception source-denied    | exception destination-denied  |
 * | archived                                | exception source-archived  | retry                         |
 * | rejected                                | exception exhausted        | too-large or unrepresentable  |
 * | unsupported                             | exception exhausted        | exception unrepresentable     |
 * | credential                              | credential                 | credential                    |
 * | throttled                               | throttled                  | throttled                     |
 * | precondition (it changed while read), unreachable, failed, missing-bucket, wrong-region | retry | retry |
 */
export function endingOf(error: unknown, side: Side): CopyEnding {
  const reason = `${side}: ${error instanceof Error ? error.message : String(error)}`;
  if (!(error instanceof StoreError)) return { result: 'retry', side, reason };
  switch (error.kind) {
    case 'credential':
    case 'throttled':
      return { result: error.kind, side, reason };
    case 'denied':
      return exception(`${side}-denied`, reason);
    case 'archived':
      return side === 'source' ? exception('source-archived', reason) : { result: 'retry', side, reason };
    case 'rejected':
    case 'unsupported':
      if (side === 'source') return exception('exhausted', reason);
      return exception(error.code === 'EntityTooLarge' ? 'too-large' : 'unrepresentable', reason);
    default:
      return { result: 'retry', side, reason };
  }
}

/** What it means that the stores could not even be opened. A secret that is not there is a credential's fault. */
export function endingOfOpening(error: unknown): CopyEnding {
  const reason = error instanceof Error ? error.message : String(error);
  const ofCredential = error instanceof SecretMissing || error instanceof InvalidRequest;
  return { result: ofCredential ? 'credential' : 'retry', side: 'unknown', reason };
}
