import { z } from 'zod';
import { addRequests } from '../requests-made.ts';
import { addTally, ExceptionKind, noObjects, type Tally } from '../transfer/outcome.ts';
import { nothingCounted, type ShardVerification, VerificationCounts } from './findings.ts';

/** What the verification of all shards amounts to. */
export const Verdict = z.strictObject({ rounds: z.int().min(1), ...VerificationCounts.shape });
export type Verdict = z.infer<typeof Verdict>;

const counters = [
  'provenByChecksum',
  'provenBySize',
  'provenByContent',
  'kept',
  'missing',
  'different',
  'extra',
  'repaired',
] as const;

/** Opens the verdict of a round; shards are added as they are read, so memory does not grow with them. */
export function openVerdict(round: number): { add(shard: ShardVerification): void; verdict: Verdict } {
  const verdict: Verdict = { rounds: round, ...nothingCounted() };
  return {
    verdict,
    add(shard) {
      for (const outcome of ['copied', 'unchanged', 'excluded', 'exception', 'repair'] as const) {
        verdict.outcomes[outcome] = addTally(verdict.outcomes[outcome], shard.outcomes[outcome]);
      }
      for (const kind of ExceptionKind.options) {
        const count = shard.exceptionKinds[kind];
        if (count !== undefined) verdict.exceptionKinds[kind] = (verdict.exceptionKinds[kind] ?? 0) + count;
      }
      for (const counter of counters) verdict[counter] += shard[counter];
      addRequests(verdict.requests.source, shard.requests.source);
      addRequests(verdict.requests.destination, shard.requests.destination);
    },
  };
}

/** Every object that the verdict has an outcome for; it equals what was listed, or something is lost. */
export function accountedFor({ outcomes }: Verdict): Tally {
  return Object.values(outcomes).reduce(addTally, noObjects());
}
