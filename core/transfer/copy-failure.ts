import { InvalidRequest, SecretMissing } from '../errors.ts';
import { StoreError } from '../store-error.ts';
import type { CopyResult } from './copy-result.ts';
import { type Meaning, meaningOfStoreError, type Remedy, type Verdict, verdictOn } from './failure-table.ts';
import type { ExceptionKind } from './outcome.ts';

/** How an attempt ended, without what it cost. */
export type CopyEnding = CopyResult extends infer Result
  ? Result extends CopyResult
    ? Omit<Result, 'carrier' | 'requests' | 'sizeBytes'>
    : never
  : never;

/** Which side of a copy something happened on. */
export type Side = 'source' | 'destination' | 'unknown';

/** An object that ends here. */
export function exception(kind: ExceptionKind, reason: string): CopyEnding {
  return { result: 'exception', kind, reason };
}

/** How the attempt ends for what one side threw, by the table of failures; what is no `StoreError` is retried. */
export function endingOf(error: unknown, side: 'source' | 'destination'): CopyEnding {
  const reason = `${side}: ${error instanceof Error ? error.message : String(error)}`;
  if (!(error instanceof StoreError)) return { result: 'retry', side, reason };
  return endingFor(meaningOfStoreError(error), side, reason);
}

/** How the attempt ends for a failure of that meaning; `reason` is what an operator reads. */
export function endingFor(meaning: Meaning, side: Side, reason: string): CopyEnding {
  const verdict = verdictOn(meaning, side);
  return isRemedy(verdict) ? { result: verdict, side, reason } : exception(verdict, reason);
}

function isRemedy(verdict: Verdict): verdict is Remedy {
  return ['retry', 'throttled', 'credential', 'blocked', 'unfit'].includes(verdict);
}

/** What it means that the stores could not even be opened. A secret that is not there is a credential's fault. */
export function endingOfOpening(error: unknown): CopyEnding {
  const reason = error instanceof Error ? error.message : String(error);
  const ofCredential = error instanceof SecretMissing || error instanceof InvalidRequest;
  return { result: ofCredential ? 'credential' : 'retry', side: 'unknown', reason };
}
