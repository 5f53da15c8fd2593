import { type ParseArgsConfig, parseArgs } from 'node:util';

/** What the exit code of a command says. */
export const exitCodes = {
  succeeded: 0,
  failed: 1,
  wrongRequest: 2,
  finishedWithExceptions: 3,
  stopped: 130,
} as const;

/** A command line that cannot be understood; nothing was done. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Parses a command's options strictly. Throws `UsageError`. */
export function parseOptions<Options extends NonNullable<ParseArgsConfig['options']>>(
  argv: readonly string[],
  options: Options,
) {
  try {
    return parseArgs({ args: [...argv], options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : String(error)}. Try "drover help".`);
  }
}
