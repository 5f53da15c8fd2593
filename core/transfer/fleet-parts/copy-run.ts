import type { PartRun } from '../../batching/batch.ts';
import { StoreError } from '../../store-error.ts';
import { type CopyEnding, endingOf as endingOfFailure } from '../copy-failure.ts';
import { completeUpload } from './complete-upload.ts';
import { copyParts } from './copy-parts.ts';
import { endingOf, finishGivingUp, giveUp } from './give-up.ts';
import { handedOn, isUploadGone, type PartWork, SideFailure } from './part-work.ts';
import { runsOf } from './plan-parts.ts';
import {
  countRuns,
  hasRun,
  isOpen,
  readUpload,
  type UploadRecord,
  writeRun,
  writeUpload,
} from './upload-record.ts';

const copied: CopyEnding = { result: 'copied' };

/**
 * Copies a run of parts, puts it on record, and completes the upload where it is the last one that was missing.
 *
 * The record of the upload decides: the run that it names as `by` completes the upload or gives it up, however often its
 * message is delivered, and has the object's outcome; every other run only hands it on. A message is deleted after
 * all that, so that an upload which is neither completed nor given up always has a message that will do it.
 */
export async function copyRun(work: PartWork, run: PartRun): Promise<CopyEnding> {
  for (;;) {
    const found = await readUpload(work.jobStore, work.batch.folder, work.file.to);
    if (found === null || found.record.uploadId !== run.uploadId)
      return handedOn('another upload of the object has taken the place of this one');
    const { record } = found;
    if (!isOpen(record) && record.by !== run.index)
      return handedOn(`the upload is ${record.state}, by run ${record.by}`);
    if (record.state === 'completed') return copied;
    if (record.state === 'given-up') return endingOf(record);
    if (record.state === 'giving-up') return finishGivingUp(work, record);
    const ending = await advance(work, record, run).catch((error: unknown) =>
      afterFailure(work, record, run, error),
    );
    if (ending !== null) return ending;
  }
}

/** One step further; null when the record says more now than it did. */
async function advance(work: PartWork, record: UploadRecord, run: PartRun): Promise<CopyEnding | null> {
  const { jobStore, batch } = work;
  if (!(await hasRun(jobStore, batch.folder, record, run.index)))
    await writeRun(jobStore, batch.folder, record, run.index, await copyParts(work, record, run));
  const runs = runsOf(record).length;
  const done = await countRuns(jobStore, batch.folder, record);
  if (done < runs)
    return handedOn(`parts ${run.firstPart} to ${run.lastPart} are copied; ${done} of ${runs} runs are`);
  const mine = await claim(work, record, run);
  if (mine === null) return null;
  if (!(await completeUpload(work, mine)))
    return goAgain(work, mine, run, 'exhausted', 'destination: the upload is gone');
  return (await setState(work, mine, 'completed')) ? copied : null;
}

/** Makes this run the one that completes the upload; null when another one is, or when the upload has ended. */
async function claim(work: PartWork, { uploadId }: UploadRecord, run: PartRun): Promise<UploadRecord | null> {
  const { jobStore, batch, file } = work;
  for (;;) {
    const found = await readUpload(jobStore, batch.folder, file.to);
    if (found === null || found.record.uploadId !== uploadId) return null;
    if (found.record.state === 'completing') return found.record.by === run.index ? found.record : null;
    if (!isOpen(found.record)) return null;
    const claimed: UploadRecord = { ...found.record, state: 'completing', by: run.index };
    if (await writeUpload(jobStore, batch.folder, claimed, found.version)) return claimed;
  }
}

async function setState(
  work: PartWork,
  { uploadId, state }: UploadRecord,
  next: 'completed',
): Promise<boolean> {
  const { jobStore, batch, file } = work;
  const found = await readUpload(jobStore, batch.folder, file.to);
  if (found === null || found.record.uploadId !== uploadId || found.record.state !== state) return false;
  return writeUpload(jobStore, batch.folder, { ...found.record, state: next }, found.version);
}

/** What a failure of this run means for the object. Failures of the job store and the queue are nobody's but theirs. */
async function afterFailure(
  work: PartWork,
  record: UploadRecord,
  run: PartRun,
  error: unknown,
): Promise<CopyEnding | null> {
  const { batch, settings, signal } = work;
  if (signal.aborted) throw error;
  const told = error instanceof Error ? error.message : String(error);
  const refused = error instanceof SideFailure && error.side === 'source' ? error.of : null;
  if (refused instanceof StoreError && refused.kind === 'precondition') {
    const reason = `source: ${told}`;
    if (refused.code !== 'NoSuchKey') return goAgain(work, record, run, 'source-changed', reason);
    return giveUp(work, run.uploadId, run.index, { kind: 'source-missing', reason });
  }
  if (isUploadGone(error)) return goAgain(work, record, run, 'exhausted', `destination: ${told}`);
  const ending: CopyEnding =
    error instanceof SideFailure
      ? endingOfFailure(error.of, error.side)
      : { result: 'retry', side: 'unknown', reason: told };
  if (ending.result === 'exception')
    return giveUp(work, run.uploadId, run.index, { kind: ending.kind, reason: ending.reason });
  if ((ending.result === 'retry' || ending.result === 'throttled') && batch.attempt >= settings.maxAttempts) {
    const reason = `${batch.attempt} attempts at parts ${run.firstPart} to ${run.lastPart} failed, the last with: ${ending.reason}`;
    return giveUp(work, run.uploadId, run.index, { kind: 'exhausted', reason });
  }
  return ending;
}

/** Gives this upload up and lets the object go again as a whole, or ends it with `kind` after its attempts. */
function goAgain(
  work: PartWork,
  record: UploadRecord,
  run: PartRun,
  kind: 'source-changed' | 'exhausted',
  reason: string,
): Promise<CopyEnding | null> {
  const isLast = record.attempt >= work.settings.maxAttempts;
  const ending = isLast
    ? { kind, reason: `${record.attempt} attempts failed, the last with: ${reason}` }
    : null;
  return giveUp(work, run.uploadId, run.index, ending);
}
