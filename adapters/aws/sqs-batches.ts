import type { BatchResultErrorEntry } from '@aws-sdk/client-sqs';
import type { Clock } from '../../core/ports.ts';
import { QueueError } from './queue-error.ts';

/** SQS takes ten entries and 1 MiB of bodies in one call. [src: Amazon SQS API reference] */
const mostEntries = 10;
const mostBytes = 1024 * 1024;

const mostTries = 8;
const firstPauseMs = 200;
const longestPauseMs = 10_000;

type Answer = {
  Successful?: { Id?: string | undefined }[] | undefined;
  Failed?: BatchResultErrorEntry[] | undefined;
};

/** One kind of batch call. */
export type BatchCall<Entry> = {
  queueUrl: string;
  /** Completes "the queue could not …". */
  action: string;
  clock: Clock;
  sizeOf(entry: Entry): number;
  call(entries: (Entry & { Id: string })[]): Promise<Answer>;
  /** Failures that need no second try because the entry has nothing left to do. */
  settled?(failure: BatchResultErrorEntry): boolean;
};

/**
 * Sends all entries in as few calls as SQS allows. SQS answers HTTP 200 for a call of which single entries
 * failed: these are sent again with growing pauses, about half a minute in all. Throws a `QueueError` when
 * one still fails then, or at once when SQS says that the fault is the sender's.
 */
export async function inBatches<Entry extends object>(
  entries: readonly Entry[],
  batch: BatchCall<Entry>,
): Promise<void> {
  for (const group of groupsOf(entries, batch.sizeOf)) {
    let left = group.map((entry, index) => ({ ...entry, Id: `${index}` }));
    for (let tries = 1; left.length > 0; tries++) {
      const answer = await batch.call(left);
      const failures = (answer.Failed ?? []).filter((failure) => batch.settled?.(failure) !== true);
      const done = new Set([
        ...(answer.Successful ?? []).map(({ Id }) => Id),
        ...(answer.Failed ?? []).filter((failure) => !failures.includes(failure)).map(({ Id }) => Id),
      ]);
      left = left.filter(({ Id }) => !done.has(Id));
      const worst = failures.find(({ SenderFault }) => SenderFault === true) ?? failures[0];
      if (left.length > 0 && (worst?.SenderFault === true || tries === mostTries)) {
        const { Code = 'Unknown', Message = 'no further explanation' } = worst ?? {};
        const { queueUrl, action } = batch;
        throw new QueueError(
          queueUrl,
          action,
          Code,
          `${Message} (${left.length} of ${group.length} entries)`,
        );
      }
      if (left.length > 0) {
        await batch.clock.sleep(Math.min(firstPauseMs * 2 ** (tries - 1), longestPauseMs));
      }
    }
  }
}

function* groupsOf<Entry>(entries: readonly Entry[], sizeOf: (entry: Entry) => number): Generator<Entry[]> {
  let group: Entry[] = [];
  let bytes = 0;
  for (const entry of entries) {
    const size = sizeOf(entry);
    if (group.length === mostEntries || (group.length > 0 && bytes + size > mostBytes)) {
      yield group;
      group = [];
      bytes = 0;
    }
    group.push(entry);
    bytes += size;
  }
  if (group.length > 0) yield group;
}
