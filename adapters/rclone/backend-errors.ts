import { type RcloneError, readRcloneError } from './rclone-errors.ts';

/** Texts of backends other than S3. [measured: local, webdav, ftp, sftp, http of 1.60.1 and 1.75.2; see the test] */
const meanings: readonly [RegExp, RcloneError['meaning']][] = [
  [/object not found|directory not found|file does not exist|no such file or directory/i, 'missing'],
  [
    /\b401\b|unauthori[sz]ed|unable to authenticate|login (?:incorrect|authentication failed)|\b530\b|invalid_grant|token expired|empty token/i,
    'credential',
  ],
  [/\b429\b|too many requests|rate limit|user rate|quota exceeded|\b503\b/i, 'throttled'],
  [/permission denied|\b403\b|forbidden|access denied|accessdenied/i, 'denied'],
];

/** Reads rclone's error about a source that is no S3 store; what the destination said is read as ever. */
export function readBackendError(text: string): RcloneError {
  const read = readRcloneError(text);
  if (read.side === 'destination') return read;
  const meaning = meanings.find(([pattern]) => pattern.test(text))?.[1];
  return meaning === undefined ? { side: read.side, meaning: 'transient' } : { side: 'source', meaning };
}
