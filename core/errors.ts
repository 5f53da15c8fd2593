/**
 * The errors that reach Step Functions. A definition's `ErrorEquals` matches the literal `name`, so a name
 * here is part of the public interface and survives minification. Each message says what is wrong and what
 * to do about it. An object that fails is never one of these: it is a value with a kind and a reason.
 */
export abstract class MigrationError extends Error {
  abstract override readonly name: string;
}

/** The execution input is wrong. Nothing was touched. Mend the named field and start again. */
export class InvalidRequest extends MigrationError {
  override readonly name = 'InvalidRequest';
}

/** A secret that the request names does not exist, cannot be read, or still holds a placeholder. */
export class SecretMissing extends MigrationError {
  override readonly name = 'SecretMissing';
}

/** The source does not answer, or its bucket does not exist. */
export class SourceUnreachable extends MigrationError {
  override readonly name = 'SourceUnreachable';
}

/** The source refuses the credentials, or they may not list or read the bucket. */
export class SourceDenied extends MigrationError {
  override readonly name = 'SourceDenied';
}

/** The destination does not answer, or its bucket does not exist. */
export class DestinationUnreachable extends MigrationError {
  override readonly name = 'DestinationUnreachable';
}

/** The destination refuses to list, write, read back or delete under the requested prefix. */
export class DestinationDenied extends MigrationError {
  override readonly name = 'DestinationDenied';
}

/** A bucket lives in another region than the request says: a transfer would be refused or cost egress. */
export class WrongRegion extends MigrationError {
  override readonly name = 'WrongRegion';
}

/** Another migration holds this stack, or its messages are still in the queue. */
export class StackBusy extends MigrationError {
  override readonly name = 'StackBusy';
}

/** The source could not be listed to its end. The checkpoint is kept: starting again resumes. */
export class ListingFailed extends MigrationError {
  override readonly name = 'ListingFailed';
}

/** What a previous run left for this migration belongs to other options than those asked for now. */
export class CheckpointMismatch extends MigrationError {
  override readonly name = 'CheckpointMismatch';
}

/** The queue did not shrink for too long. Nothing is lost: messages stay, starting again resumes. */
export class Stalled extends MigrationError {
  override readonly name = 'Stalled';
}

/** A file that Drover wrote itself is missing or cannot be read; the message names it. */
export class JobStoreDamaged extends MigrationError {
  override readonly name = 'JobStoreDamaged';
}
