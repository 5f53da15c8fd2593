import { z } from 'zod';
import { RequestsBySide } from '../requests-made.ts';
import { ExceptionKind, Tally } from '../transfer/outcome.ts';

/** How many exceptions stand in report.json itself; all of them are in the exceptions file. */
export const inlineExceptions = 100;

/** Objects and bytes that arrived in one stretch of time. */
export const ThroughputPoint = z.strictObject({
  startedAt: z.iso.datetime(),
  seconds: z.number().positive(),
  objects: z.int().min(0),
  bytes: z.int().min(0),
});

/** An object that is not at the destination as listed: what happened, why, and what to do. */
export const ReportedException = z.strictObject({
  key: z.string(),
  kind: ExceptionKind,
  reason: z.string(),
});
export type ReportedException = z.infer<typeof ReportedException>;

/**
 * report.json: what a migration did and what was proven. Every listed key is counted in exactly one outcome,
 * so the outcomes add up to `listed`. The numbers under `outcomes` and `verification` come from the merge of
 * the source inventory with a fresh listing of the destination, never from counters.
 */
export const Report = z.strictObject({
  migration: z.string(),
  status: z.enum(['SUCCEEDED', 'FINISHED_WITH_EXCEPTIONS', 'FAILED']),
  /** `state` is the state that failed, as the definition names it; absent when it is not known. */
  error: z.strictObject({ name: z.string(), message: z.string(), state: z.string().optional() }).nullable(),
  source: z
    .strictObject({
      bucket: z.string(),
      prefix: z.string(),
      provider: z.string(),
      endpoint: z.string().nullable(),
    })
    .nullable(),
  destination: z
    .strictObject({
      bucket: z.string(),
      prefix: z.string(),
      region: z.string(),
      endpoint: z.string().nullable(),
      storageClass: z.string().nullable(),
    })
    .nullable(),
  listed: Tally,
  outcomes: z.strictObject({ copied: Tally, unchanged: Tally, excluded: Tally, exception: Tally }),
  /** Number of exceptions by kind. */
  exceptionKinds: z.record(z.string(), z.int().min(1)),
  exceptions: z.array(ReportedException).max(inlineExceptions),
  /** Where all exceptions are, one JSON object a line, gzipped; null when there are none. */
  exceptionsFile: z.string().nullable(),
  verification: z.strictObject({
    /** Merges of inventory and destination: 1 + repair rounds that were needed; 0 = not reached. */
    rounds: z.int().min(0),
    /** Objects found at the destination as they should be. */
    verified: z.int().min(0),
    provenByChecksum: z.int().min(0),
    provenBySize: z.int().min(0),
    /** Objects read on both sides and compared byte for byte (`verify.contentSample`). */
    provenByContent: z.int().min(0),
    /** Present and left as they are, because the request says `existing: keep`. */
    kept: z.int().min(0),
    /** Not at the destination at the end. */
    missing: z.int().min(0),
    /** At the destination with another size or checksum at the end. */
    different: z.int().min(0),
    /** At the destination under the prefix, but not in the source. Left alone. */
    extra: z.int().min(0),
    /** Keys that went back to the queue because a verification found them missing or different. */
    repaired: z.int().min(0),
  }),
  requests: RequestsBySide,
  throughput: z.array(ThroughputPoint),
  states: z.array(
    z.strictObject({ name: z.string(), startedAt: z.iso.datetime(), seconds: z.number().min(0) }),
  ),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime(),
  seconds: z.number().min(0),
});
export type Report = z.infer<typeof Report>;
