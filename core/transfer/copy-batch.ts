import type { BatchFile, BatchMessage } from '../batching/batch.ts';
import type { Clock, Copier } from '../ports.ts';
import type { RequestsBySide } from '../requests-made.ts';
import { addRequests } from '../requests-made.ts';
import type { Budget } from './budget.ts';
import type { CopyResult } from './copy-result.ts';
import { bytesInFlight } from './fleet-parts/bytes-in-flight.ts';
import type { Refusal } from './intake.ts';
import type { OutcomeRow } from './outcome.ts';

/** How a batch ended: a row for every key, and the keys that travel on in another message. */
export type BatchResult = {
  rows: OutcomeRow[];
  /** Failed this time; the next attempt has a higher number. */
  again: BatchFile[];
  /** Cut short, or refused for a reason that is not theirs; the next attempt keeps its number. */
  back: BatchFile[];
  /** Why nothing more of it was tried, if so. */
  refusal: Refusal | null;
  requests: RequestsBySide;
};

type Parts = {
  copier: Copier;
  clock: Clock;
  budget: Budget;
  halt: AbortSignal;
  settings: { maxAttempts: number; fleetPartsFromBytes?: number };
  learn(seen: 'copied' | 'throttled'): void;
  /**
   * Whether something was copied since this was last asked. A store that is said not to serve, but took another object, has
   * refused this one: it costs an attempt, and ends after the last.
   */
  wentThrough(): boolean;
  /** Called at once for what keeps the batch from going on, while other keys of it may still be under way. */
  refused(refusal: Refusal): void;
};

/** Copies every key of the batch within the budget. Never throws for a key. */
export async function copyBatch(batch: BatchMessage, parts: Parts): Promise<BatchResult> {
  const result: BatchResult = {
    rows: [],
    again: [],
    back: [],
    refusal: null,
    requests: { source: {}, destination: {} },
  };
  await Promise.all(batch.files.map((file) => copyOne(file, batch, parts, result)));
  return result;
}

async function copyOne(file: BatchFile, batch: BatchMessage, parts: Parts, into: BatchResult): Promise<void> {
  const { copier, clock, budget, halt, learn } = parts;
  const bytes = bytesInFlight(file, batch, parts.settings.fleetPartsFromBytes);
  await budget.acquire(bytes);
  try {
    if (halt.aborted || into.refusal !== null) {
      into.back.push(file);
      return;
    }
    const startedAtMs = clock.nowMs();
    const copied = await copier.copy(file, batch, halt);
    record(file, batch, copied, { startedAtMs, endedAtMs: clock.nowMs() }, parts, into);
    if (copied.result === 'copied' || copied.result === 'throttled') learn(copied.result);
  } finally {
    budget.release(bytes);
  }
}

function record(
  file: BatchFile,
  batch: BatchMessage,
  copied: CopyResult,
  time: { startedAtMs: number; endedAtMs: number },
  parts: Parts,
  into: BatchResult,
): void {
  addRequests(into.requests.source, copied.requests.source);
  addRequests(into.requests.destination, copied.requests.destination);
  const row = {
    key: file.key,
    batch: batch.batch,
    attempt: batch.attempt,
    sizeBytes: copied.result === 'copied' ? copied.sizeBytes : file.sizeBytes,
    carrier: copied.carrier,
    endedAtMs: time.endedAtMs,
    durationMs: Math.max(0, time.endedAtMs - time.startedAtMs),
  };
  switch (copied.result) {
    case 'copied':
      into.rows.push({ ...row, outcome: 'copied' });
      return;
    case 'exception':
      into.rows.push({ ...row, outcome: 'exception', kind: copied.kind, reason: copied.reason });
      return;
    case 'handed-on':
      into.rows.push({ ...row, outcome: 'handed-on', reason: copied.reason });
      return;
    case 'stopped':
      into.back.push(file);
      return;
    case 'blocked':
    case 'credential':
    case 'unfit':
      if (copied.result === 'blocked' && batch.run === undefined && parts.wentThrough()) break;
      into.refusal = { by: copied.result, side: copied.side, reason: copied.reason };
      parts.refused(into.refusal);
      into.back.push(file);
      into.rows.push({ ...row, outcome: 'retried', reason: copied.reason });
      return;
    default:
  }
  if (batch.attempt >= parts.settings.maxAttempts) {
    into.rows.push({
      ...row,
      outcome: 'exception',
      kind: 'exhausted',
      reason: `${batch.attempt} attempts failed, the last with: ${copied.reason}`,
    });
    return;
  }
  into.again.push(file);
  into.rows.push({ ...row, outcome: 'retried', reason: copied.reason });
}
