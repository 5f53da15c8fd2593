import { paginateGetExecutionHistory, SFNClient } from '@aws-sdk/client-sfn';
import type { ExecutionHistory, StatePassed } from '../../core/ports.ts';
import { clientOptions, type ServiceConnection } from './service-connection.ts';
import { serviceError } from './service-error.ts';
import { followStates } from './states-passed.ts';

/** Events of one answer; the most there are. [src: GetExecutionHistory, maxResults] */
const pageSize = 1000;

/** The path that an execution of AWS Step Functions took, given by its ARN. Throws `ServiceError`. */
export class StepFunctionsHistory implements ExecutionHistory {
  readonly #client: SFNClient;

  constructor(connection: ServiceConnection) {
    this.#client = new SFNClient(clientOptions(connection));
  }

  /** Holds one page and the states passed: an execution has at most 25,000 events. [src: Step Functions quotas] */
  async states(executionArn: string): Promise<StatePassed[]> {
    const { take, states } = followStates();
    const pages = paginateGetExecutionHistory(
      { client: this.#client, pageSize },
      { executionArn, includeExecutionData: false },
    );
    try {
      for await (const { events = [] } of pages) for (const event of events) take(event);
    } catch (error) {
      throw serviceError(`The history of ${executionArn} could not be read`, error);
    }
    return states;
  }

  /** Closes the connections. */
  close(): void {
    this.#client.destroy();
  }
}
