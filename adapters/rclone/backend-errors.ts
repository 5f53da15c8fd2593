import { meaningOfText, type RcloneError, readRcloneError } from './rclone-errors.ts';

/**
 * Texts of backends other than S3. [measured: local and webdav, 1.60.1 and 1.75.2; the others are the usual words of
 * HTTP, FTP, SSH and OAuth] What none of them knows is transient, and tried again.
 */
const meanings: readonly [RegExp, RcloneError['meaning']][] = [
  [/object not found|directory not found|file does not exist|no such file or directory/i, 'missing'],
  [
    /\b401\b|unauthori[sz]ed|unable to authenticate|login (?:incorrect|authentication failed)|\b530\b|invalid_grant|token expired|empty token/i,
    'credential',
  ],
  [/\b429\b|too many requests|rate limit|quota exceeded|\b503\b/i, 'throttled'],
  [/permission denied|\b403\b|forbidden|access denied|accessdenied/i, 'denied'],
];

/**
 * Reads rclone's error about a source that is no S3 store; what the destination said is read as ever. `names` are the
 * paths that it may speak of: a file called `403.txt` is no refusal.
 */
export function readBackendError(text: string, names: readonly string[]): RcloneError {
  const read = readRcloneError(text);
  if (read.side === 'destination') return read;
  // Others are left alone: a file called `e` must not take the letters out of a sentence.
  const misleading = names.filter((name) => meanings.some(([pattern]) => pattern.test(name)));
  const longestFirst = misleading.sort((a, b) => b.length - a.length);
  let said = text.replace(/"[^"]*"/g, '""');
  for (const name of longestFirst) said = said.replaceAll(name, '…');
  const meaning = meanings.find(([pattern]) => pattern.test(said))?.[1];
  if (meaning !== undefined) return { side: 'source', meaning };
  return { side: read.side, meaning: meaningOfText(said) ?? 'transient' };
}
