import { createHash } from 'node:crypto';
import type { HeldPart } from '../../ports.ts';
import { StoreError } from '../../store-error.ts';
import { at, isUploadGone, type PartWork } from './part-work.ts';
import { partRange, runsOf } from './plan-parts.ts';
import { readParts, type UploadRecord, uploadOf } from './upload-record.ts';

/** Stores round times to seconds, and their clocks are not ours. */
const clockSkewMs = 60_000;

/**
 * Completes an upload of which every run is on record. Doing it twice is harmless: where the upload is gone, the
 * destination is asked whether it holds the object that the parts make. Returns false when neither is there.
 * Throws a `SideFailure`, and what the job store throws.
 */
export async function completeUpload(work: PartWork, record: UploadRecord): Promise<boolean> {
  const { jobStore, uploads, batch } = work;
  const parts = await readParts(jobStore, batch.folder, record, runsOf(record).length);
  return at('destination', async () => {
    try {
      await uploads.complete(uploadOf(record), parts);
      return true;
    } catch (error) {
      if (isUploadGone(error)) return isThere(work, record, parts);
      if (!(error instanceof StoreError) || error.code !== 'InvalidPart') throw error;
      return completeAsHeld(work, record);
    }
  });
}

/**
 * A run that two workers copied at once leaves parts of both. Each was read from the same version and verified by its
 * MD5, but under a KMS key each writing has another ETag: the store itself tells which it holds.
 */
async function completeAsHeld(work: PartWork, record: UploadRecord): Promise<boolean> {
  const held: HeldPart[] = [];
  try {
    for await (const { part, etag, sizeBytes } of work.uploads.held(uploadOf(record))) {
      const { first, last } = partRange(part, record);
      if (part !== held.length + 1 || sizeBytes !== last - first + 1) throw otherPart(part);
      held.push({ part, etag });
    }
    if (held.length !== Math.ceil(record.sizeBytes / record.partBytes)) throw otherPart(held.length + 1);
    await work.uploads.complete(uploadOf(record), held);
    return true;
  } catch (error) {
    if (isUploadGone(error)) return isThere(work, record, held);
    if (error instanceof StoreError && error.kind === 'denied') return false;
    throw error;
  }
}

function otherPart(part: number): StoreError {
  const message = `InvalidPart: the store holds no part ${part} of the size that it should have`;
  return new StoreError('failed', message, { code: 'InvalidPart' });
}

/**
 * Whether the destination holds the object that these parts make, and not one of before. Who may not look does not
 * know: the object then goes again, which costs a copy and loses nothing.
 */
async function isThere(
  { destination }: PartWork,
  { to, sizeBytes, createdAtMs }: UploadRecord,
  parts: readonly HeldPart[],
): Promise<boolean> {
  const there = await destination.head(to).catch((error: unknown) => {
    if (error instanceof StoreError && error.kind === 'denied') return null;
    throw error;
  });
  if (there === null || there.sizeBytes !== sizeBytes) return false;
  if (there.etag?.toLowerCase() === etagOfParts(parts)) return true;
  // Under a KMS key no ETag can be foretold: the number of parts and the time must do.
  const isOpaque = there.encryption?.startsWith('aws:kms') === true;
  return (
    isOpaque &&
    there.etag?.endsWith(`-${parts.length}`) === true &&
    there.modifiedAtMs >= createdAtMs - clockSkewMs
  );
}

/** The ETag of an object in parts: the MD5 of the parts' MD5s, and their number. [src: S3 user guide, checking object integrity] */
export function etagOfParts(parts: readonly HeldPart[]): string {
  const all = createHash('md5');
  for (const { etag } of parts) all.update(Buffer.from(etag, 'hex'));
  return `${all.digest('hex')}-${parts.length}`;
}
