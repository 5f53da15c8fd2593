import type { PartRun } from '../../batching/batch.ts';

const mebibyte = 1024 * 1024;

/** Amazon S3 takes 10,000 parts of an upload. [src: S3 user guide, multipart upload limits] */
const mostParts = 10_000;

/** How an object is cut: `partBytes` each, the last part shorter, `partsPerRun` of them in a message. */
export type PartPlan = { partBytes: number; partsPerRun: number; parts: number; runs: number };

/**
 * Cuts an object of `sizeBytes` into parts of at least `leastPartBytes`, larger by whole MiB where 10,000 would not do,
 * and into runs of about `runBytes`. A run of 2 GiB ends within a lease's 12 hours down to 50 kB/s.
 */
export function planParts(
  sizeBytes: number,
  { leastPartBytes, runBytes }: { leastPartBytes: number; runBytes: number },
): PartPlan {
  const needed = Math.ceil(sizeBytes / mostParts);
  const partBytes = needed <= leastPartBytes ? leastPartBytes : Math.ceil(needed / mebibyte) * mebibyte;
  const partsPerRun = Math.max(1, Math.floor(runBytes / partBytes));
  const parts = Math.ceil(sizeBytes / partBytes);
  return { partBytes, partsPerRun, parts, runs: Math.ceil(parts / partsPerRun) };
}

/** The inclusive range of bytes that a part holds; parts count from 1. */
export function partRange(
  part: number,
  { sizeBytes, partBytes }: { sizeBytes: number; partBytes: number },
): { first: number; last: number } {
  return { first: (part - 1) * partBytes, last: Math.min(sizeBytes, part * partBytes) - 1 };
}

/** Every run of an upload, in order: together they hold each part once. */
export function runsOf(upload: {
  uploadId: string;
  sizeBytes: number;
  partBytes: number;
  partsPerRun: number;
}): PartRun[] {
  const { uploadId, sizeBytes, partBytes, partsPerRun } = upload;
  const parts = Math.ceil(sizeBytes / partBytes);
  return Array.from({ length: Math.ceil(parts / partsPerRun) }, (_, index) => {
    const firstPart = index * partsPerRun + 1;
    const lastPart = Math.min(parts, firstPart + partsPerRun - 1);
    const { first } = partRange(firstPart, upload);
    return { uploadId, index, firstPart, lastPart, sizeBytes: partRange(lastPart, upload).last + 1 - first };
  });
}
