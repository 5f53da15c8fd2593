import { z } from 'zod';
import {
  CheckpointMismatch,
  InvalidRequest,
  ListingFailed,
  MigrationError,
  SecretMissing,
  SourceDenied,
  WrongRegion,
} from '../errors.ts';
import { StoreError } from '../store-error.ts';

/** The last words of a lister that gave up. */
export const ListingError = z.strictObject({
  name: z.string(),
  message: z.string(),
  /** Another lister would fail of the same: somebody has to mend the request, a secret or a permission first. */
  final: z.boolean(),
});
export type ListingError = z.infer<typeof ListingError>;

const finalErrors = [InvalidRequest, SecretMissing, SourceDenied, WrongRegion, CheckpointMismatch] as const;

/** What a lister leaves of the error that it ended in. What a rotation or time may heal is not final. */
export function listingErrorOf(error: unknown): ListingError {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  if (error instanceof MigrationError)
    return { name: error.name, message, final: finalErrors.some((kind) => error instanceof kind) };
  return {
    name: 'ListingFailed',
    message: `the source could not be listed to its end (${name}: ${message}). The checkpoint is kept: start the migration again under the same id.`,
    final: error instanceof StoreError && (error.kind === 'unsupported' || error.kind === 'missing-bucket'),
  };
}

/** The error of a lister's last words, as the class that a definition knows. */
export function thrownAgain({ name, message }: ListingError): MigrationError {
  const kind = finalErrors.find((each) => new each('').name === name) ?? ListingFailed;
  return new kind(message);
}
