import { type ExceptionKind, exceptionAdvice } from '../transfer/outcome.ts';

const kindTitles: Readonly<Record<ExceptionKind, string>> = {
  'source-missing': 'Gone from the source',
  'source-changed': 'Overwritten at the source',
  'source-archived': 'Archived at the source',
  'source-denied': 'Not readable at the source',
  'destination-denied': 'Not writable at the destination',
  corrupt: 'Different bytes at the destination',
  'too-large': 'Too large for Amazon S3',
  unrepresentable: 'Not representable at the destination',
  exhausted: 'Failed on every attempt',
};

const isKind = (kind: string): kind is ExceptionKind => Object.hasOwn(exceptionAdvice, kind);

/** What happened to objects of this kind, and what to do. A kind of a later version is shown as it is named. */
export function explainKind(kind: string): { title: string; advice: string } {
  if (isKind(kind)) return { title: kindTitles[kind], advice: exceptionAdvice[kind] };
  return { title: kind, advice: 'The reason of each object says what happened.' };
}

const again = 'Starting the same migration again resumes where this one stopped.';

const errorAdvice: Readonly<Record<string, string>> = {
  InvalidRequest: 'Nothing was touched. Mend the named field and start again.',
  SecretMissing: 'Nothing was touched. Fill the named secret and start again.',
  SourceUnreachable: `Check the endpoint, the bucket name and the network path to the source. ${again}`,
  SourceDenied: `Allow the source credentials to list and read the bucket. ${again}`,
  DestinationUnreachable: `Check the destination bucket, its region and its endpoint. ${again}`,
  DestinationDenied: `Allow listing, reading, writing and deleting under the destination prefix (and the KMS key, if one is set). ${again}`,
  WrongRegion: 'Nothing was copied. Name the region the bucket lives in and start again.',
  StackBusy: 'Nothing was copied. Wait for the other migration, or clean up what it left, and start again.',
  ListingFailed: `The listing is kept up to its last checkpoint. ${again}`,
  CheckpointMismatch:
    'Start again with the options of the first run to resume it, or under a new name to begin anew.',
  Stalled: `Nothing is lost: the messages stay in the queue. Look at the workers first. ${again}`,
  JobStoreDamaged: 'Restore the named file, or start under a new name to begin anew.',
};

/** What an operator does about a migration that failed with an error of this name. */
export function adviceOnError(name: string): string {
  return errorAdvice[name] ?? `Look at the cause above and at the history of the execution. ${again}`;
}
