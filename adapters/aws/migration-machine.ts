import {
  DescribeExecutionCommand,
  ExecutionAlreadyExists,
  paginateListStateMachines,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { StackBusy } from '../../core/errors.ts';
import { clientOptions, type ServiceConnection } from './service-connection.ts';
import { ServiceError, serviceError } from './service-error.ts';

/** Characters of an execution's name. [src: StartExecution, name] */
const longestName = 80;

/** The state machine of a deployed stage, found by its name. Throws `ServiceError`. */
export class MigrationMachine {
  readonly #client: SFNClient;
  readonly #name: string;

  constructor(connection: ServiceConnection, stage: string) {
    this.#client = new SFNClient(clientOptions(connection));
    this.#name = `drover-${stage}-migrate`;
  }

  /**
   * Starts the migration `id`. Its execution is called so, or `id@2`, `id@3`, … where one of that name has ended: AWS
   * gives a name out again only after 90 days. Asking twice while it runs gives the same execution. Throws
   * `StackBusy` when the id runs with another request.
   */
  async start(id: string, input: string): Promise<{ arn: string; startedAt: Date; run: number }> {
    const stateMachineArn = await this.#find();
    for (let run = 1; ; run++) {
      const name = run === 1 ? id : `${id}@${run}`;
      if (name.length > longestName)
        throw new ServiceError(
          `The execution ${name} cannot be started`,
          'NameTooLong',
          `a name has at most ${longestName} characters; give a shorter --id`,
        );
      try {
        const { executionArn: arn = '', startDate: startedAt = new Date() } = await this.#client.send(
          new StartExecutionCommand({ stateMachineArn, name, input }),
        );
        return { arn, startedAt, run };
      } catch (error) {
        if (!(error instanceof ExecutionAlreadyExists))
          throw serviceError(`The migration "${id}" could not be started`, error);
      }
      await this.#refuseRunning(id, `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`);
    }
  }

  /** Closes the connections. */
  close(): void {
    this.#client.destroy();
  }

  async #refuseRunning(id: string, executionArn: string): Promise<void> {
    const { status } = await this.#client
      .send(new DescribeExecutionCommand({ executionArn }))
      .catch((error: unknown) => {
        throw serviceError(`The earlier execution of "${id}" could not be looked at`, error);
      });
    if (status === 'RUNNING')
      throw new StackBusy(
        `migration "${id}" runs with another request: ${executionArn}. Wait for its end, stop it there, or give this request another --id.`,
      );
  }

  async #find(): Promise<string> {
    try {
      for await (const { stateMachines = [] } of paginateListStateMachines({ client: this.#client }, {}))
        for (const { name, stateMachineArn } of stateMachines)
          if (name === this.#name && stateMachineArn !== undefined) return stateMachineArn;
    } catch (error) {
      throw serviceError('The state machines of this account could not be listed', error);
    }
    throw new ServiceError(
      `There is no state machine ${this.#name} in this account and region`,
      'NotDeployed',
      'deploy the stage with "npx sls deploy --stage NAME", or correct --stage, AWS_REGION or AWS_PROFILE',
    );
  }
}
