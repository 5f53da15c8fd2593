import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import { z } from 'zod';
import { InvalidRequest } from '../core/errors.ts';
import { explainIssues } from '../core/explain-issues.ts';
import type { Log } from '../core/ports.ts';
import { perform, type Step } from './step.ts';

/** How each port that a step needs is opened; the log is the Lambda's own. */
export type Openers<Needs> = {
  readonly [Port in Exclude<keyof Needs, 'log'>]: () => Promise<Needs[Port]>;
};

/** What Lambda calls: the event as parsed JSON, and its context. */
export type LambdaHandler = (event: unknown, context: object) => Promise<unknown>;

/**
 * The migration's id, which every state hands on; Report has it one level deeper, and EventBridge in the name of a
 * stopped execution.
 */
const Named = z.union([
  z.object({ migration: z.string() }),
  z.object({ state: z.object({ migration: z.string() }) }).transform(({ state }) => state),
  z
    .object({ detail: z.object({ name: z.string() }) })
    .transform(({ detail: { name } }) => ({ migration: name.split('@')[0] ?? name })),
]);

/**
 * A step as a Lambda: the one stack of middleware of all of them. Lines of its log are JSON and carry the
 * migration's id; the event is never logged. An input that does not fit throws `InvalidRequest` with the field
 * and the mend. What a step throws is passed on as it is, because Step Functions matches an error by its name.
 */
export function onLambda<Input extends z.ZodType, Output extends z.ZodType, Needs>(
  declared: Step<Input, Output, Needs>,
  openers: Openers<Needs>,
): LambdaHandler {
  const logger = new Logger({ serviceName: 'drover' });
  const log: Log = (event, fields = {}) => logger.info(event, fields);

  const run = async (event: unknown): Promise<unknown> => {
    const named = Named.safeParse(event);
    if (named.success) logger.appendKeys({ migration: named.data.migration });
    try {
      refuseMisfit(declared.input, event);
      return await perform(declared, event, await openAll(openers, log));
    } catch (error) {
      logger.error('step-failed', described(error));
      throw error;
    }
  };
  // Lambda's own time-out is what the definitions retry; nothing is to end a step before it.
  return middy(run, { timeoutEarlyInMillis: 0 }).use(
    injectLambdaContext(logger, { logEvent: false, resetKeys: true }),
  );
}

async function openAll<Needs>(openers: Openers<Needs>, log: Log): Promise<Needs> {
  const named: [string, () => Promise<unknown>][] = Object.entries(openers);
  const open = await Promise.all(named.map(async ([port, opened]) => [port, await opened()] as const));
  return Object.fromEntries([...open, ['log', log]]) as Needs;
}

function refuseMisfit(input: z.ZodType, event: unknown): void {
  const parsed = input.safeParse(event);
  if (parsed.success) return;
  const issues = explainIssues(parsed.error.issues, event);
  throw new InvalidRequest(`the state's input does not fit this step. ${issues}`);
}

/** Only what was meant to be read: errors of SDK clients also carry the request with its signature. */
function described(error: unknown): { error: string; reason: string; stack?: string } {
  if (!(error instanceof Error)) return { error: 'Error', reason: String(error) };
  return {
    error: error.name,
    reason: error.message,
    ...(error.stack === undefined ? {} : { stack: error.stack }),
  };
}
