import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { DiskJobStore } from '../adapters/disk/job-store.ts';
import { SecretsFile } from '../adapters/disk/secrets-file.ts';
import { SecretMissing } from '../core/errors.ts';
import { jobLayout } from '../core/job-layout.ts';
import type { Secrets } from '../core/ports.ts';
import { parseRequest } from '../core/request.ts';
import { validate } from '../functions/validate.ts';
import { findRclone } from './find-rclone.ts';
import { ExecutionStopped, type Json } from './interpret.ts';
import { type LocalResult, type LocalRun, laptopPace } from './local-run.ts';
import { migrationId } from './migration-id.ts';
import { openProgress } from './progress/open-progress.ts';
import { summarise } from './progress/summary.ts';
import { readRequest } from './read-request.ts';
import { runMigration } from './run-migration.ts';
import { exitCodes, parseOptions, UsageError } from './usage.ts';

/** Where a run is kept unless told otherwise. */
export const defaultOut = 'drover-runs';

/** `drover run`: a migration between the user's own endpoints, on this machine. Gives the exit code. */
export async function runCommand(argv: readonly string[]): Promise<number> {
  const options = parseOptions(argv, {
    input: { type: 'string' },
    secrets: { type: 'string' },
    out: { type: 'string', default: defaultOut },
    workers: { type: 'string' },
    id: { type: 'string' },
    json: { type: 'boolean', default: false },
  });
  if (options.input === undefined)
    throw new UsageError('--input is missing: give the path of a request file. Try "drover help".');
  const most =
    options.workers === undefined
      ? Math.max(2, availableParallelism())
      : wholeNumber('--workers', options.workers);
  const input = await readRequest(options.input);
  const request = parseRequest(input);
  const migration = options.id ?? migrationId(request);
  const secrets: Secrets = options.secrets === undefined ? noSecrets : new SecretsFile(options.secrets);
  // What is wrong with the request is said before a folder is made or a process started.
  await validate.run(
    { migration, startedAt: new Date().toISOString(), request: input },
    { jobStore: new DiskJobStore(options.out), secrets },
  );

  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const rclone = await findRclone({ say });
  // The ceilings of a request are divided by the workers there may be: here that is what this machine runs.
  const workers = Math.min(most, request.fleet.maxWorkers);
  const result = await watchRun({
    migration,
    request: { ...jsonObject(input), fleet: { ...request.fleet, maxWorkers: workers } },
    secrets,
    secretsFile: options.secrets ?? '',
    out: options.out,
    workers,
    rclone,
    pace: laptopPace,
  });
  return closeRun(result, options.out, options.json);
}

/** Runs a migration with progress on standard error and Ctrl-C handled; null = it was stopped. */
export async function watchRun(
  run: Omit<LocalRun, 'stop' | 'halt' | 'onProgress'>,
): Promise<LocalResult | null> {
  const stream = process.stderr;
  const progress = openProgress({
    stream,
    terminal: stream.isTTY === true,
    columns: () => stream.columns ?? 80,
    colour: stream.isTTY === true && process.env['NO_COLOR'] === undefined,
  });
  const stop = new AbortController();
  const halt = new AbortController();
  const interrupt = (): void => {
    if (stop.signal.aborted) {
      halt.abort();
      progress.say('Stopping at once. Run the same command again to resume.');
    } else progress.say('Stopping: what is under way is finished or given back. Once more stops at once.');
    stop.abort();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, interrupt);
  try {
    return await runMigration({
      ...run,
      stop: stop.signal,
      halt: halt.signal,
      onProgress: (snapshot) => progress.update(snapshot),
    });
  } catch (error) {
    if (!(error instanceof ExecutionStopped)) throw error;
    progress.say('Stopped. Nothing is lost: run the same command again to resume.');
    return null;
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, interrupt);
    progress.close();
  }
}

/** Prints how a run ended and gives the exit code. */
export function closeRun(result: LocalResult | null, out: string, json: boolean): number {
  if (result === null) return exitCodes.stopped;
  const { report, folder, error } = result;
  if (report === null) {
    process.stderr.write(
      `${error?.name ?? 'Failed'}: ${error?.message ?? 'the migration ended without a report'}\n`,
    );
    return error?.name === 'InvalidRequest' || error?.name === 'SecretMissing'
      ? exitCodes.wrongRequest
      : exitCodes.failed;
  }
  const colour = process.stderr.isTTY === true && process.env['NO_COLOR'] === undefined;
  const addresses = {
    html: join(out, jobLayout.reportPage(folder)),
    json: join(out, jobLayout.report(folder)),
  };
  process.stderr.write(`${summarise(report, addresses, colour)}\n`);
  if (json) process.stdout.write(`${JSON.stringify(report)}\n`);
  return {
    SUCCEEDED: exitCodes.succeeded,
    FINISHED_WITH_EXCEPTIONS: exitCodes.finishedWithExceptions,
    FAILED: exitCodes.failed,
  }[report.status];
}

/** For a request that names no secret; any name it does name is missing. */
const noSecrets: Secrets = {
  async read(name) {
    throw new SecretMissing(
      `the request names secret ${name}, but no secrets file was given. Add --secrets secrets.json.`,
    );
  },
};

function wholeNumber(option: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 256)
    throw new UsageError(`${option} is "${text}", but must be a whole number from 1 to 256.`);
  return value;
}

/** A request as the fields that it has; it is an object, or it would have been refused. */
function jsonObject(value: Json): { [field: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
}
