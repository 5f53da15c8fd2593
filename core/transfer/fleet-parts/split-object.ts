import { type BatchMessage, encodeBatch } from '../../batching/batch.ts';
import type { ObjectDetails } from '../../ports.ts';
import { StoreError } from '../../store-error.ts';
import { type CopyEnding, exception } from '../copy-failure.ts';
import { propertiesFor } from '../copy-properties.ts';
import { at, handedOn, type PartWork } from './part-work.ts';
import { planParts, runsOf } from './plan-parts.ts';
import {
  type FoundUpload,
  isOpen,
  readUpload,
  type UploadRecord,
  uploadOf,
  writeUpload,
} from './upload-record.ts';

/** Amazon S3's largest object that this migration writes. */
const largestBytes = 5 * 1024 ** 4;

/**
 * Begins the upload of a large object and queues a message for each run of its parts; `null` when the object is to be
 * copied like every other: smaller than it was listed, larger than Amazon S3 takes, or without an ETag to hold its version by.
 *
 * First the upload is begun, then it is put on record, then its messages are sent. Whoever finds a record goes on from
 * there: a message that is worked twice, at once or later, begins no second upload. Throws a `SideFailure`, and what
 * the job store and the queue throw.
 */
export async function splitObject(work: PartWork): Promise<CopyEnding | null> {
  const { jobStore, batch, file } = work;
  for (;;) {
    const found = await readUpload(jobStore, batch.folder, file.to);
    if (found !== null && isOfThisMessage(found.record, work)) return goOn(work, found);
    const begun = await begin(work, found);
    if (begun !== 'look-again') return begun;
  }
}

/** A later message for the same object (a repair, or the attempt after an upload that was given up) has one of its own. */
function isOfThisMessage(record: UploadRecord, { batch, file }: PartWork): boolean {
  if (record.key !== file.key || record.batch !== batch.batch) return false;
  const isGivenUp = record.state === 'giving-up' || record.state === 'given-up';
  return !isGivenUp || batch.attempt <= record.attempt;
}

async function goOn(work: PartWork, found: FoundUpload): Promise<CopyEnding> {
  if (found.record.state === 'sending') await sendRuns(work, found.record);
  return handedOn(`the object was split already; its upload is ${found.record.state}`);
}

async function begin(work: PartWork, found: FoundUpload | null): Promise<CopyEnding | null | 'look-again'> {
  const { jobStore, destination, uploads, clock, log, settings, batch, file } = work;
  const details = await openSource(work);
  if (details === 'missing') return exception('source-missing', 'source: the object is not there any more');
  if (details === null || details.etag === null) return null;
  const { sizeBytes, etag } = details;
  if (sizeBytes <= settings.fleetPartsFromBytes || sizeBytes > largestBytes) return null;
  const properties = propertiesFor(details, await tagsOf(work, details), file, batch);
  const { uploadId } = await at('destination', () => uploads.begin(file.to, properties));
  const { partBytes, partsPerRun, parts, runs } = planParts(sizeBytes, settings);
  const record: UploadRecord = {
    version: 1,
    key: file.key,
    to: file.to,
    batch: batch.batch,
    attempt: batch.attempt,
    uploadId,
    etag,
    sizeBytes,
    partBytes,
    partsPerRun,
    createdAtMs: clock.nowMs(),
    state: 'sending',
    by: null,
    ending: null,
  };
  if (!(await writeUpload(jobStore, batch.folder, record, found?.version ?? null))) {
    // Another worker was faster: the object goes with its upload, and this one ends.
    await destination.abortUpload({ key: file.to, uploadId }).catch(() => undefined);
    return 'look-again';
  }
  if (found !== null && isOpen(found.record))
    await destination.abortUpload(uploadOf(found.record)).catch(() => undefined);
  await sendRuns(work, record);
  log('object-split', { sizeBytes, parts, runs });
  return handedOn(`split into ${runs} messages of ${parts} parts of ${partBytes} bytes together`);
}

/** Queues all runs, then says so in the record; a record that has gone on meanwhile needs no such word. */
async function sendRuns(work: PartWork, record: UploadRecord): Promise<void> {
  const { jobStore, queue, batch, file } = work;
  const messages = runsOf(record).map((run): BatchMessage => ({ ...batch, files: [file], attempt: 1, run }));
  await queue.send(messages.map((message) => ({ body: encodeBatch(message) })));
  const now = await readUpload(jobStore, batch.folder, file.to);
  if (now?.record.uploadId === record.uploadId && now.record.state === 'sending')
    await writeUpload(jobStore, batch.folder, { ...now.record, state: 'copying' }, now.version);
}

/** What the source holds now, by a GET of one byte: its refusals say why, and it counts the tags, which HEAD may not. */
async function openSource({ source, file, signal }: PartWork): Promise<ObjectDetails | 'missing' | null> {
  return at('source', async () => {
    try {
      const opened = await source.get(file.key, { range: { first: 0, last: 0 }, signal });
      if (opened === null) return 'missing';
      for await (const _ of opened.body);
      return opened.details;
    } catch (error) {
      // No byte to read: the object has become an empty one.
      if (error instanceof StoreError && error.kind === 'precondition') return null;
      throw error;
    }
  });
}

/** A store that knows no tags has none to copy. */
async function tagsOf({ source, file, batch }: PartWork, { tagCount }: ObjectDetails) {
  if (batch.objectTags === 'ignore' || tagCount === 0) return {};
  return at('source', () =>
    source.tags(file.key).catch((error: unknown): Record<string, string> => {
      if (error instanceof StoreError && error.kind === 'unsupported') return {};
      throw error;
    }),
  );
}
