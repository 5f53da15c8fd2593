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

/** A file that was still being copied when its batch was handed on; `ended` is how it ended, as a batch of its own. */
export type StillCopied = { file: BatchFile; ended: Promise<BatchResult> };

type Parts = {
  copier: Copier;
  clock: Clock;
  budget: Budget;
  halt: AbortSignal;
  /** When it aborts, the batch is handed on: what has not begun goes back, and what is under way outlasts the batch. */
  handOn?: AbortSignal;
  /** When it has aborted, what `halt` cut short was too slow for its message, and costs an attempt. */
  tooSlow?: AbortSignal;
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

/**
 * Copies every key of the batch within the budget; each key is then in the result, or among those that are still copied
 * when the batch is handed on. Never throws for a key.
 */
export async function copyBatch(
  batch: BatchMessage,
  parts: Parts,
): Promise<{ result: BatchResult; still: StillCopied[] }> {
  const { copier, clock, budget, halt, handOn, learn } = parts;
  const result = emptyResult();
  const waiting = new Set(batch.files);
  const copying = new Map<BatchFile, { into: BatchResult }>();

  async function copyOne(file: BatchFile): Promise<void> {
    const bytes = bytesInFlight(file, batch, parts.settings.fleetPartsFromBytes);
    await budget.acquire(bytes);
    try {
      // What was handed on meanwhile is in another message.
      if (!waiting.delete(file)) return;
      if (halt.aborted || result.refusal !== null) {
        result.back.push(file);
        return;
      }
      const own = { into: result };
      copying.set(file, own);
      const startedAtMs = clock.nowMs();
      const copied = await copier.copy(file, batch, halt);
      record(file, batch, copied, { startedAtMs, endedAtMs: clock.nowMs() }, parts, own.into);
      if (copied.result === 'copied' || copied.result === 'throttled') learn(copied.result);
    } finally {
      copying.delete(file);
      budget.release(bytes);
    }
  }

  const copies = new Map(batch.files.map((file) => [file, copyOne(file)]));
  const all = Promise.all(copies.values());
  await (handOn === undefined ? all : Promise.race([all, untilAborted(handOn)]));
  result.back.push(...waiting);
  waiting.clear();
  const still = [...copying].map(([file, own]): StillCopied => {
    own.into = emptyResult();
    return { file, ended: Promise.resolve(copies.get(file)).then(() => own.into) };
  });
  return { result, still };
}

/** How a batch has ended of which nothing was tried. */
export function emptyResult(): BatchResult {
  return { rows: [], again: [], back: [], refusal: null, requests: { source: {}, destination: {} } };
}

function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
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
      if (parts.tooSlow?.aborted === true) break;
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
