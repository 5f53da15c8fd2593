import { z } from 'zod';
import { resolveConnection } from '../adapters/aws/resolve-connection.ts';
import { type BucketLocation, isRcloneLocation } from '../core/batching/batch.ts';
import { InvalidRequest, SecretMissing } from '../core/errors.ts';
import { destinationLocation, sourceLocation } from '../core/migration.ts';
import { overlap } from '../core/overlap.ts';
import { isPlaceholder } from '../core/placeholder.ts';
import type { Secrets } from '../core/ports.ts';
import { parseRemoteOptions } from '../core/remote-options.ts';
import { parseRequest, Request } from '../core/request.ts';
import { jobStore, secrets } from './aws-ports.ts';
import { unfinishedPass } from './migration-address.ts';
import { onLambda } from './on-lambda.ts';
import { type Ports, step } from './step.ts';

/**
 * Parses the execution input, fills the defaults, and refuses what cannot work before anything is touched:
 * wrong fields, source and destination that overlap, secrets that are missing or still placeholders.
 * Throws `InvalidRequest` and `SecretMissing`.
 */
export const validate = step({
  input: z.strictObject({ migration: z.string(), startedAt: z.iso.datetime(), request: z.unknown() }),
  output: z.strictObject({
    migration: z.string(),
    folder: z.string(),
    startedAt: z.string(),
    request: Request,
  }),
  async run(
    { migration, startedAt, request: input },
    { jobStore, secrets }: Pick<Ports, 'jobStore' | 'secrets'>,
  ) {
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$/.test(migration)) {
      throw new InvalidRequest(
        `the migration id is ${JSON.stringify(migration)}, but must be 1 to 80 letters, digits, dots, hyphens or underscores. Start it under such a name.`,
      );
    }
    const request = parseRequest(input);
    const [source, destination] = [sourceLocation(request), destinationLocation(request)];
    const endpoints = {
      source: isRcloneLocation(source) ? null : await endpointOf('source', source, secrets),
      destination: await endpointOf('destination', destination, secrets),
    };
    if (isRcloneLocation(source) && source.secret !== null) {
      const { backend, secret } = source;
      parseRemoteOptions(await secrets.read(secret, { fresh: true }), { backend, secret });
    }
    const problem = overlap(request, endpoints);
    if (problem !== null) throw new InvalidRequest(problem);
    return { migration, folder: await unfinishedPass(jobStore, migration), startedAt, request };
  },
});

export const handler = onLambda(validate, { jobStore, secrets });

/** Reads every secret of a side once and returns its endpoint; null = Amazon S3. */
async function endpointOf(
  side: 'source' | 'destination',
  location: BucketLocation,
  secrets: Secrets,
): Promise<string | null> {
  for (const [role, name] of Object.entries(location.secrets ?? {})) {
    if (name === undefined || (role === 'endpoint' && location.endpoint !== null)) continue;
    if (isPlaceholder(await secrets.read(name, { fresh: true }))) {
      throw new SecretMissing(
        `secret ${name} (${side}.secrets.${role}) still holds a placeholder. Store the real value in it, then start again.`,
      );
    }
  }
  return (await resolveConnection(location, secrets)).endpoint;
}
