import {
  DescribeTasksCommand,
  ECSClient,
  paginateListTasks,
  StopTaskCommand,
  type Task,
} from '@aws-sdk/client-ecs';
import type { ListerTasks } from '../../core/ports.ts';
import { clientOptions, type ServiceConnection } from './service-connection.ts';
import { serviceError } from './service-error.ts';

/** The tag that "List source" of migrate.asl.yaml gives every lister it starts. */
const migrationTag = 'drover:migration';

/** Tasks that one ListTasks answers with and one DescribeTasks takes. [src: Amazon ECS API reference] */
const pageSize = 100;

/**
 * The listers as tasks of an ECS cluster. A state that is aborted leaves its task running now and then, so
 * they are found by their tag. Throws `ServiceError`, which names the cluster.
 */
export class EcsListers implements ListerTasks {
  readonly #client: ECSClient;
  readonly #cluster: string;

  /** @param cluster the cluster's name or ARN. */
  constructor(connection: ServiceConnection, cluster: string) {
    this.#client = new ECSClient(clientOptions(connection));
    this.#cluster = cluster;
  }

  /** Tells every lister of the migration to stop: it stores its checkpoint first, which this does not wait for. */
  async stopAll(migration: string): Promise<number> {
    try {
      let stopped = 0;
      for await (const task of this.#runningOf(migration)) {
        await this.#stop(task, migration);
        stopped++;
      }
      return stopped;
    } catch (error) {
      throw serviceError(`The listers on the ECS cluster ${this.#cluster} could not be stopped`, error);
    }
  }

  /** Closes the connections. */
  close(): void {
    this.#client.destroy();
  }

  async *#runningOf(migration: string): AsyncGenerator<string> {
    // A task that is still being started is wanted as RUNNING too.
    const pages = paginateListTasks(
      { client: this.#client, pageSize },
      { cluster: this.#cluster, desiredStatus: 'RUNNING' },
    );
    for await (const { taskArns = [] } of pages) {
      if (taskArns.length === 0) continue;
      const described = await this.#client.send(
        new DescribeTasksCommand({ cluster: this.#cluster, tasks: taskArns, include: ['TAGS'] }),
      );
      for (const task of described.tasks ?? [])
        if (task.taskArn !== undefined && isOf(task, migration)) yield task.taskArn;
    }
  }

  async #stop(task: string, migration: string): Promise<void> {
    const reason = `Clean up of migration ${migration}: no lister may outlive it`;
    try {
      await this.#client.send(new StopTaskCommand({ cluster: this.#cluster, task, reason }));
    } catch (error) {
      // It ended by itself meanwhile.
      if (error instanceof Error && /task was not found/i.test(error.message)) return;
      throw error;
    }
  }
}

function isOf({ tags = [] }: Task, migration: string): boolean {
  return tags.some(({ key, value }) => key === migrationTag && value === migration);
}
