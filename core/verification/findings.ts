import { z } from 'zod';
import { BatchFile } from '../batching/batch.ts';
import { RequestsBySide } from '../requests-made.ts';
import { ExceptionKind, noObjects, Tally } from '../transfer/outcome.ts';

/** What verification found wrong with one key: it goes back to the queue, or it ends as an exception. */
export const Finding = z.discriminatedUnion('action', [
  z.strictObject({ action: z.literal('repair'), key: z.string(), reason: z.string(), file: BatchFile }),
  z.strictObject({
    action: z.literal('exception'),
    key: z.string(),
    kind: ExceptionKind,
    reason: z.string(),
  }),
]);
export type Finding = z.infer<typeof Finding>;

const counted = {
  outcomes: z.strictObject({
    copied: Tally,
    unchanged: Tally,
    excluded: Tally,
    exception: Tally,
    repair: Tally,
  }),
  exceptionKinds: z.partialRecord(ExceptionKind, z.int()),
  provenByChecksum: z.int().min(0),
  provenBySize: z.int().min(0),
  provenByContent: z.int().min(0),
  kept: z.int().min(0),
  missing: z.int().min(0),
  different: z.int().min(0),
  extra: z.int().min(0),
  /** Keys sent back to the queue, over all rounds up to this one. */
  repaired: z.int().min(0),
  requests: RequestsBySide,
};

/** What verification counted, of a shard or of all. Every listed key is in exactly one tally of `outcomes`. */
export const VerificationCounts = z.strictObject(counted);
export type VerificationCounts = z.infer<typeof VerificationCounts>;

/** What the verification of one shard found, as of its last round. */
export const ShardVerification = z.strictObject({
  shard: z.string(),
  round: z.int().min(1),
  /** Keys sent back to the queue in the rounds before this one, so that a round that is done again counts once. */
  repairedBefore: z.int().min(0),
  ...counted,
});
export type ShardVerification = z.infer<typeof ShardVerification>;

/** Counts of nothing. */
export function nothingCounted(): VerificationCounts {
  return {
    outcomes: {
      copied: noObjects(),
      unchanged: noObjects(),
      excluded: noObjects(),
      exception: noObjects(),
      repair: noObjects(),
    },
    exceptionKinds: {},
    provenByChecksum: 0,
    provenBySize: 0,
    provenByContent: 0,
    kept: 0,
    missing: 0,
    different: 0,
    extra: 0,
    repaired: 0,
    requests: { source: {}, destination: {} },
  };
}
