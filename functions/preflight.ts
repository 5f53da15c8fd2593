import { z } from 'zod';
import { decodeBatch } from '../core/batching/batch.ts';
import { CheckpointMismatch, StackBusy } from '../core/errors.ts';
import { jobLayout } from '../core/job-layout.ts';
import { encodeJson } from '../core/json-lines.ts';
import {
  destinationLocation,
  type MigrationPlan,
  sourceBucket,
  unsafeDifferences,
} from '../core/migration.ts';
import { isS3Request, Request } from '../core/request.ts';
import { clock, jobStore, openStore, queue, settings } from './aws-ports.ts';
import { holdStack } from './hold-stack.ts';
import { findPlan, MigrationAddress } from './migration-address.ts';
import { onLambda } from './on-lambda.ts';
import { probeDestination } from './probe-destination.ts';
import { probeSource } from './probe-source.ts';
import { type Ports, step } from './step.ts';

/**
 * Tries everything that the migration will need, before it begins: lists and reads the source, writes, reads back,
 * tags and deletes a probe at the destination, looks whether the stack is free. Stores the plan: the request with
 * what was measured. A plan of an earlier run with other options is refused.
 * Throws `SourceUnreachable`, `SourceDenied`, `DestinationUnreachable`, `DestinationDenied`, `WrongRegion`,
 * `StackBusy`, `CheckpointMismatch`.
 */
export const preflight = step({
  input: MigrationAddress.extend({ startedAt: z.string(), request: Request }),
  output: MigrationAddress.extend({
    startedAt: z.string(),
    maxWorkers: z.int(),
    objectTags: z.enum(['copy', 'ignore']),
  }),
  async run(
    { migration, folder, startedAt, request },
    ports: Pick<Ports, 'jobStore' | 'queue' | 'clock' | 'openStore' | 'settings'>,
  ) {
    const before = await findPlan(ports.jobStore, folder);
    if (before !== null) {
      const differences = unsafeDifferences(before.request, request);
      if (differences.length > 0) {
        throw new CheckpointMismatch(
          `migration "${migration}" was begun with another ${differences.join(', ')}. Start this request under another id, or start the first one again to finish it.`,
        );
      }
    }
    await refuseForeignMessages(migration, ports);
    // From here on every failure goes to Clean up, which releases it.
    await holdStack(migration, Date.parse(startedAt), ports);
    const { requests: asked, ...found } = isS3Request(request)
      ? await probeSource(request, (listing) => ports.openStore(sourceBucket(request), { listing }))
      : ofRclone;
    const objectTags = request.objectTags ?? (found.sourceTags ? 'copy' : 'ignore');
    const destination = await ports.openStore(destinationLocation(request));
    try {
      const written = await probeDestination(request, migration, destination, objectTags);
      const plan: MigrationPlan = {
        version: 1,
        migration,
        folder,
        createdAtMs: before?.createdAtMs ?? ports.clock.nowMs(),
        request,
        capabilities: { ...found, ...written },
        objectTags,
        requests: { source: asked, destination: destination.requestsMade() },
      };
      await ports.jobStore.write(jobLayout.plan(folder), encodeJson(plan));
      // Why an earlier lister gave up explains no failure of this run.
      await ports.jobStore.delete(jobLayout.listingError(folder));
      return { migration, folder, startedAt, maxWorkers: request.fleet.maxWorkers, objectTags };
    } finally {
      destination.close();
    }
  },
});

/**
 * What is taken for granted of an rclone source: a Lambda has no rclone, and the lister tries it as its first act.
 * An ETag of its inventory is an MD5 or not there.
 */
const ofRclone = { listing: 'v2', sourceEtagIsMd5: true, sourceTags: false, requests: {} } as const;

export const handler = onLambda(preflight, { clock, jobStore, openStore, queue, settings });

/** Looks at waiting messages without keeping them; one of another migration means that the stack is taken. */
async function refuseForeignMessages(migration: string, { queue }: Pick<Ports, 'queue'>): Promise<void> {
  const { visible, inFlight, delayed } = await queue.counts();
  if (visible + inFlight + delayed === 0) return;
  const messages = await queue.receive({ max: 10, waitSeconds: 0, leaseSeconds: 5 });
  await queue.release(messages.map(({ receipt }) => receipt));
  for (const { body } of messages) {
    const owner = migrationOf(body);
    if (owner === migration) continue;
    throw new StackBusy(
      owner === null
        ? 'the queue holds a message that is no batch of Drover. Empty the queue, or deploy another stage for this migration.'
        : `the queue still holds batches of migration "${owner}". Start that one again to finish it, or deploy another stage for this one.`,
    );
  }
}

function migrationOf(body: string): string | null {
  try {
    return decodeBatch(body).migration;
  } catch {
    return null;
  }
}
