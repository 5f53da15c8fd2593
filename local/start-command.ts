import { MigrationMachine } from '../adapters/aws/migration-machine.ts';
import { InvalidRequest } from '../core/errors.ts';
import { parseRequest } from '../core/request.ts';
import { migrationId } from './migration-id.ts';
import { readRequest } from './read-request.ts';
import { exitCodes, parseOptions, UsageError } from './usage.ts';

/**
 * `drover start`: starts a migration in a deployed stack and prints where to follow it. The request is read and
 * refused here, as Validate would. Region and credentials are those of the shell. Gives the exit code.
 */
export async function startCommand(argv: readonly string[]): Promise<number> {
  const options = parseOptions(argv, {
    input: { type: 'string' },
    stage: { type: 'string', default: 'dev' },
    id: { type: 'string' },
  });
  if (options.input === undefined)
    throw new UsageError('--input is missing: give the path of a request file. Try "drover help".');
  if (!/^[A-Za-z0-9-]+$/.test(options.stage))
    throw new UsageError(`--stage is "${options.stage}", but must be letters, digits and hyphens.`);
  const input = await readRequest(options.input);
  const request = parseRequest(input);
  const id = options.id ?? migrationId(request);
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$/.test(id))
    throw new InvalidRequest(
      `--id is ${JSON.stringify(id)}, but must be 1 to 80 letters, digits, dots, hyphens or underscores.`,
    );
  const region = process.env['AWS_REGION'] ?? process.env['AWS_DEFAULT_REGION'];
  if (region === undefined || region === '')
    throw new UsageError('AWS_REGION is not set: set it to the region that the stage was deployed to.');

  const machine = new MigrationMachine({ region }, options.stage);
  try {
    const { arn, startedAt, run } = await machine.start(id, JSON.stringify(input));
    const again =
      run === 1 ? '' : ` for the ${run}. time: it resumes, or begins a new pass after a finished one`;
    process.stderr.write(
      `Migration ${id} runs since ${startedAt.toISOString()}${again}.\n` +
        `  Watch   https://${region}.console.aws.amazon.com/states/home?region=${region}#/v2/executions/details/${arn}\n` +
        `  Status  aws stepfunctions describe-execution --region ${region} --execution-arn ${arn}\n` +
        `  Stop    aws stepfunctions stop-execution --region ${region} --execution-arn ${arn}\n`,
    );
    process.stdout.write(`${arn}\n`);
    return exitCodes.succeeded;
  } catch (error) {
    if (
      !(error instanceof Error) ||
      !/CredentialsProviderError|could not load credentials/i.test(error.message)
    )
      throw error;
    process.stderr.write(
      'AWS gave no credentials: sign in (aws sso login), or set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.\n',
    );
    return exitCodes.failed;
  } finally {
    machine.close();
  }
}
