import { cleanUp } from '../functions/clean-up.ts';
import { enqueueShardRepairs } from '../functions/enqueue-shard-repairs.ts';
import { judge } from '../functions/judge.ts';
import { lowerFleet } from '../functions/lower-fleet.ts';
import { planVerification } from '../functions/plan-verification.ts';
import { preflight } from '../functions/preflight.ts';
import { raiseFleet } from '../functions/raise-fleet.ts';
import { readBacklog } from '../functions/read-backlog.ts';
import { report } from '../functions/report.ts';
import { type AnyStep, type Ports, perform } from '../functions/step.ts';
import { validate } from '../functions/validate.ts';
import { verifyShard } from '../functions/verify-shard.ts';
import type { Json, TaskHandler } from './interpret.ts';
import { LambdaError } from './lambda-error.ts';

/** Every Task state that a Lambda carries out, and its step. */
export const steps = {
  Validate: validate,
  Preflight: preflight,
  'Raise fleet': raiseFleet,
  'Read backlog': readBacklog,
  'Lower fleet': lowerFleet,
  'Plan verification': planVerification,
  'Verify shard': verifyShard,
  Judge: judge,
  'Enqueue shard repairs': enqueueShardRepairs,
  'Clean up': cleanUp,
  Report: report,
} as const;

/** The steps as task handlers over these ports: schemas, JSON in between and errors are as they are with Lambda. */
export function bindSteps(ports: Ports): Record<string, TaskHandler> {
  const bind =
    (step: AnyStep): TaskHandler =>
    async (input) => {
      try {
        return JSON.parse(JSON.stringify(await perform(step, input, ports))) as Json;
      } catch (error) {
        throw new LambdaError(error);
      }
    };
  return Object.fromEntries(Object.entries(steps).map(([state, step]) => [state, bind(step)]));
}
