import { encodeBatch } from '../../batching/batch.ts';
import type { CopyEnding } from '../copy-failure.ts';
import { retryDelaySeconds } from '../retry-delay.ts';
import { handedOn, type PartWork } from './part-work.ts';
import { isOpen, readUpload, type UploadRecord, uploadOf, writeUpload } from './upload-record.ts';

type Ending = UploadRecord['ending'];

/**
 * Takes it upon a run to give the upload up: with `ending` the object ends so, without it goes again as a whole.
 * Returns null when another run has ended the upload meanwhile; its word counts.
 */
export async function giveUp(
  work: PartWork,
  uploadId: string,
  run: number,
  ending: Ending,
): Promise<CopyEnding | null> {
  const { jobStore, batch, file } = work;
  for (;;) {
    const found = await readUpload(jobStore, batch.folder, file.to);
    if (found === null || found.record.uploadId !== uploadId) return null;
    const { record, version } = found;
    const isMine = record.state === 'completing' && record.by === run;
    if (!isOpen(record) && !isMine) return null;
    const given: UploadRecord = { ...record, state: 'giving-up', by: run, ending };
    if (await writeUpload(jobStore, batch.folder, given, version)) return finishGivingUp(work, given);
  }
}

/**
 * Aborts the upload, queues the object anew unless it ends, and then says in the record that this is done. Each step
 * may be done again: whoever dies in between has a message that comes back.
 */
export async function finishGivingUp(work: PartWork, record: UploadRecord): Promise<CopyEnding> {
  const { jobStore, queue, destination, log, settings, file } = work;
  const { run: _, ...batch } = work.batch;
  // An abort that fails is made good by the migration's clean-up, which lists unfinished uploads.
  await destination.abortUpload(uploadOf(record)).catch((error: unknown) => {
    log('upload-not-aborted', { reason: String(error) });
  });
  if (record.ending === null) {
    const whole = { ...batch, files: [file], attempt: record.attempt + 1 };
    const delaySeconds = retryDelaySeconds(record.attempt, settings.retryBaseSeconds);
    await queue.send([{ body: encodeBatch(whole), delaySeconds }]);
  }
  const now = await readUpload(jobStore, batch.folder, file.to);
  if (now?.record.uploadId === record.uploadId && now.record.state === 'giving-up')
    await writeUpload(jobStore, batch.folder, { ...now.record, state: 'given-up' }, now.version);
  return endingOf(record);
}

/** How the run that gave an upload up ends, whenever it is asked. */
export function endingOf({ ending }: UploadRecord): CopyEnding {
  if (ending !== null) return { result: 'exception', ...ending };
  return handedOn('the upload was given up; the object goes again as a whole');
}
