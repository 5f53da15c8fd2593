import { createHash } from 'node:crypto';
import { z } from 'zod';
import { jobLayout } from '../../job-layout.ts';
import { decodeJson, encodeJson } from '../../json-lines.ts';
import { type HeldPart, type JobStore, VersionConflict } from '../../ports.ts';
import { ExceptionKind } from '../outcome.ts';

/**
 * What the workers agree on about one object in parts. Written only on the condition that it is still what was read.
 * - `sending`: the upload is begun, its part messages may not all be queued. `copying`: they are.
 * - `completing`: all parts are there; the run `by` completes the upload. `completed`: the object is there.
 * - `giving-up`: the run `by` aborts the upload; then the object goes again, or ends with `ending`. `given-up`: done.
 */
export const UploadRecord = z.strictObject({
  version: z.literal(1),
  key: z.string(),
  to: z.string(),
  /** The message that was split, and which attempt at the object it was. */
  batch: z.string(),
  attempt: z.int().min(1),
  uploadId: z.string().min(1),
  /** The version of the source that every part is read from. */
  etag: z.string(),
  sizeBytes: z.int().min(1),
  partBytes: z.int().min(1),
  partsPerRun: z.int().min(1),
  createdAtMs: z.int(),
  state: z.enum(['sending', 'copying', 'completing', 'completed', 'giving-up', 'given-up']),
  by: z.int().min(0).nullable(),
  ending: z.strictObject({ kind: ExceptionKind, reason: z.string() }).nullable(),
});
export type UploadRecord = z.infer<typeof UploadRecord>;

/** The parts of a run that was copied, written once it is whole. */
export const RunRecord = z.strictObject({
  version: z.literal(1),
  parts: z.array(z.strictObject({ part: z.int().min(1), etag: z.string() })),
});

/** A record as it was read, with the version that a write must replace. */
export type FoundUpload = { record: UploadRecord; version: string };

/** The upload as the destination knows it: under the key that is written, not the one that is read. */
export function uploadOf({ to, uploadId }: UploadRecord): { key: string; uploadId: string } {
  return { key: to, uploadId };
}

/** Whether nobody has taken it upon itself yet to complete the upload or to give it up. */
export function isOpen({ state }: UploadRecord): boolean {
  return state === 'sending' || state === 'copying';
}

/** The record of the object that goes to this destination key, or null. */
export async function readUpload(
  jobStore: JobStore,
  folder: string,
  to: string,
): Promise<FoundUpload | null> {
  const file = await jobStore.read(jobLayout.uploadRecord(folder, nameOf(to)));
  if (file === null) return null;
  return { record: decodeJson(file.bytes, UploadRecord), version: file.version };
}

/** Writes the record where `replaces` is what is there (null = nothing); false when it is not. */
export async function writeUpload(
  jobStore: JobStore,
  folder: string,
  record: UploadRecord,
  replaces: string | null,
): Promise<boolean> {
  try {
    await jobStore.write(jobLayout.uploadRecord(folder, nameOf(record.to)), encodeJson(record), { replaces });
    return true;
  } catch (error) {
    if (error instanceof VersionConflict) return false;
    throw error;
  }
}

/** Puts the parts of a run on record. A run that was copied twice leaves the parts of the last one. */
export async function writeRun(
  jobStore: JobStore,
  folder: string,
  { to, uploadId }: UploadRecord,
  run: number,
  parts: readonly HeldPart[],
): Promise<void> {
  const path = jobLayout.uploadRun(folder, nameOf(to), nameOf(uploadId), run);
  await jobStore.write(path, encodeJson({ version: 1, parts }));
}

/** Whether the run is on record. */
export async function hasRun(
  jobStore: JobStore,
  folder: string,
  { to, uploadId }: UploadRecord,
  run: number,
): Promise<boolean> {
  return (await jobStore.read(jobLayout.uploadRun(folder, nameOf(to), nameOf(uploadId), run))) !== null;
}

/** How many runs of the upload are on record. */
export async function countRuns(
  jobStore: JobStore,
  folder: string,
  { to, uploadId }: UploadRecord,
): Promise<number> {
  let runs = 0;
  for await (const _ of jobStore.list(jobLayout.uploadRuns(folder, nameOf(to), nameOf(uploadId)))) runs += 1;
  return runs;
}

/** The parts of all `runs` runs, in order; throws an Error that names the run that is not on record. */
export async function readParts(
  jobStore: JobStore,
  folder: string,
  { to, uploadId }: UploadRecord,
  runs: number,
): Promise<HeldPart[]> {
  const parts: HeldPart[] = [];
  for (let run = 0; run < runs; run++) {
    const path = jobLayout.uploadRun(folder, nameOf(to), nameOf(uploadId), run);
    const file = await jobStore.read(path);
    if (file === null) throw new Error(`${path} is gone: run ${run} of ${runs} is not on record any more`);
    parts.push(...decodeJson(file.bytes, RunRecord).parts);
  }
  return parts;
}

/** A file name for text of any characters and any length: the same for the same bytes, another for others. */
function nameOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 40);
}
