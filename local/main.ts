import { InvalidRequest, SecretMissing } from '../core/errors.ts';
import { demonstrate } from './demonstrate.ts';
import { runCommand } from './run-command.ts';
import { startCommand } from './start-command.ts';
import { exitCodes, UsageError } from './usage.ts';

const usage = `drover moves every object of a bucket into Amazon S3 (or any S3-compatible store) and proves that it arrived.

  drover run --input request.json [--secrets secrets.json] [--out DIR] [--workers N] [--id NAME] [--json]
      Migrates between real endpoints on this machine. The same id again resumes.
        --input    the request: see docs/input.md
        --secrets  a JSON file { "name": "value", … } that only its owner can read (chmod 600)
        --out      where the report, the inventory and the queue are kept (default: drover-runs)
        --workers  worker processes at most (default: one per processor and at least 2; never above fleet.maxWorkers)
        --id       the migration's id (default: made from the request)
        --json     the report as the last line of standard output
  drover start --input request.json [--stage dev] [--id NAME]
      Starts a migration in a deployed stack, with the AWS credentials and the region of this shell.
        --stage  the stage that "sls deploy" was given (default: dev)
        --id     as above; an id that ended before is started again and resumes
  drover demo [--out DIR] [--break] [--json]
      Shows a whole migration between two S3 servers on loopback; with --break a worker is killed on the way.

Exit codes: 0 succeeded, 3 finished with exceptions, 1 failed, 2 the request or the usage is wrong, 130 stopped.
`;

/** Runs the command line and gives its exit code. */
async function main(argv: readonly string[]): Promise<number> {
  const [command, ...rest] = argv;
  try {
    if (command === 'run') return await runCommand(rest);
    if (command === 'start') return await startCommand(rest);
    if (command === 'demo') return await demonstrate(rest);
    if (command === 'help' || command === '--help' || command === '-h') {
      process.stdout.write(usage);
      return exitCodes.succeeded;
    }
    throw new UsageError(
      command === undefined
        ? 'no command was given; try "drover help"'
        : `"${command}" is no command; try "drover help"`,
    );
  } catch (error) {
    if (error instanceof UsageError || error instanceof InvalidRequest || error instanceof SecretMissing) {
      process.stderr.write(`${error.name}: ${error.message}\n`);
      return exitCodes.wrongRequest;
    }
    process.stderr.write(`${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}\n`);
    return exitCodes.failed;
  }
}

// A request that hangs at a store must not keep a run alive that has said its last word.
process.exit(await main(process.argv.slice(2)));
