import { z } from 'zod';

/** What Step Functions hands to a Catch. */
export const Failure = z.object({ Error: z.string(), Cause: z.string().default('') });
export type Failure = z.infer<typeof Failure>;

/** An error in the words of the class that was thrown. */
export type NamedFailure = { name: string; message: string };

const Thrown = z.object({ errorType: z.string(), errorMessage: z.string() });
const StoppedTask = z.object({ StoppedReason: z.string() });

/**
 * Says what failed, from what a Catch was handed: a Lambda's error is JSON with type and message, a child
 * execution's is JSON with an Error and a Cause that is explained in turn, a stopped ECS task says only that it
 * stopped, and then `listing` (the lister's own last words) knows more.
 */
export async function explainFailure(
  failure: Failure,
  listing: () => Promise<NamedFailure | null>,
): Promise<NamedFailure> {
  const cause = parseJson(failure.Cause);
  const thrown = Thrown.safeParse(cause);
  if (thrown.success) return { name: thrown.data.errorType, message: thrown.data.errorMessage };
  const child = Failure.safeParse(cause);
  if (child.success) return explainFailure(child.data, listing);
  const task = StoppedTask.safeParse(cause);
  if (task.success) {
    return (
      (await listing()) ?? {
        name: 'ListingFailed',
        message: `the lister stopped: ${task.data.StoppedReason}. Start the migration again under the same id: it resumes.`,
      }
    );
  }
  // A distributed map tells how many items failed, and not of what. [src: Step Functions guide, distributed Map]
  if (failure.Error === 'States.ExceedToleratedFailureThreshold')
    return {
      name: failure.Error,
      message: `a shard failed after every retry (${failure.Cause}). What it failed of is in the execution graph: open the map's "Map Run" and its failed child. Mend that, then start the migration again under the same id: it resumes.`,
    };
  return { name: failure.Error, message: failure.Cause === '' ? 'no cause was given' : failure.Cause };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
