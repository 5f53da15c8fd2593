import type { PartRun } from '../../batching/batch.ts';
import type { HeldPart } from '../../ports.ts';
import { StoreError } from '../../store-error.ts';
import { at, isUploadGone, type PartWork, SideFailure } from './part-work.ts';
import { partRange } from './plan-parts.ts';
import { type UploadRecord, uploadOf } from './upload-record.ts';

/** Parts of one run that are under way at once, while memory has room for them. */
const partsAtOnce = 4;
const mostTries = 4;
const pauseMs = 500;

/**
 * Copies the parts of a run, each by a ranged GET of the recorded version and an upload with its MD5, and returns what
 * the store confirmed. A part that fails is tried three times more. Throws a `SideFailure`; of kind `precondition` at
 * the source when the object has another version than the record, `StoreError` code `NoSuchKey` when it is gone.
 */
export async function copyParts(work: PartWork, record: UploadRecord, run: PartRun): Promise<HeldPart[]> {
  const failed = new AbortController();
  const signal = AbortSignal.any([work.signal, failed.signal]);
  const parts: HeldPart[] = [];
  let next = run.firstPart;
  let failure: unknown;
  const lane = async (): Promise<void> => {
    while (next <= run.lastPart && !signal.aborted) {
      const part = next;
      next += 1;
      parts[part - run.firstPart] = await copyPart({ ...work, signal }, record, part);
    }
  };
  const lanes = Array.from({ length: partsAtOnce }, () =>
    lane().catch((error: unknown) => {
      failure ??= error;
      failed.abort();
    }),
  );
  await Promise.all(lanes);
  work.signal.throwIfAborted();
  if (failure !== undefined) throw failure;
  return parts;
}

async function copyPart(work: PartWork, record: UploadRecord, part: number): Promise<HeldPart> {
  for (let tries = 1; ; tries++) {
    try {
      return await copyPartOnce(work, record, part);
    } catch (error) {
      if (work.signal.aborted || tries === mostTries || !mayHeal(error)) throw error;
      await work.clock.sleep(pauseMs * 2 ** (tries - 1), work.signal);
    }
  }
}

async function copyPartOnce(work: PartWork, record: UploadRecord, part: number): Promise<HeldPart> {
  const { memory, uploads, signal } = work;
  const { first, last } = partRange(part, record);
  const leave = await memory.enter(last - first + 1, signal);
  if (leave === null) throw new Error('the worker stops');
  try {
    const bytes = await at('source', () => readRange(work, record, { first, last }));
    return await at('destination', () => uploads.write(uploadOf(record), part, bytes, signal));
  } finally {
    leave();
  }
}

async function readRange(
  { source, signal }: PartWork,
  { key, etag, sizeBytes }: UploadRecord,
  range: { first: number; last: number },
): Promise<Uint8Array> {
  // Stores that know no If-Match refuse each one: the answer's own ETag tells the version just as well.
  const opened = await source.get(key, { range, ifMatch: etag, signal }).catch((error: unknown) => {
    if (error instanceof StoreError && error.kind === 'precondition')
      return source.get(key, { range, signal });
    throw error;
  });
  if (opened === null) throw refusal('precondition', 'NoSuchKey', 'the object is not there any more');
  const { details, body } = opened;
  const bytes = new Uint8Array(range.last - range.first + 1);
  let offset = 0;
  // Read to its end or left early, the body lets its connection go either way.
  for await (const chunk of body) {
    if (details.etag !== etag || details.sizeBytes !== sizeBytes)
      throw refusal('precondition', 'ChangedObject', 'the object was overwritten');
    if (offset + chunk.byteLength > bytes.byteLength)
      throw refusal('failed', 'BrokenRead', 'a range is too long');
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  if (offset < bytes.byteLength)
    throw refusal('failed', 'BrokenRead', `a range ended after ${offset} of ${bytes.byteLength} bytes`);
  return bytes;
}

function refusal(kind: StoreError['kind'], code: string, what: string): StoreError {
  return new StoreError(kind, `${code}: ${what}`, { code });
}

function mayHeal(error: unknown): boolean {
  if (!(error instanceof SideFailure) || isUploadGone(error)) return false;
  return error.of instanceof StoreError && ['unreachable', 'failed', 'throttled'].includes(error.of.kind);
}
