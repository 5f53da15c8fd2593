import {
  AutoScalingClient,
  CompleteLifecycleActionCommand,
  RecordLifecycleActionHeartbeatCommand,
  SetInstanceProtectionCommand,
} from '@aws-sdk/client-auto-scaling';
import { clientOptions, type ServiceConnection } from './service-connection.ts';
import { codeOf, serviceError } from './service-error.ts';

/** This instance as a member of its Auto Scaling group. Methods throw `ServiceError`, which names the group. */
export class GroupMembership {
  readonly #client: AutoScalingClient;
  readonly #names: { group: string; hook: string; instance: string };

  /** `hook`: the lifecycle hook at which a member that is being terminated waits. */
  constructor(connection: ServiceConnection, names: { group: string; hook: string; instance: string }) {
    this.#client = new AutoScalingClient(clientOptions(connection));
    this.#names = names;
  }

  /** Makes the group spare this instance when it scales in, or no longer. */
  async protect(on: boolean): Promise<void> {
    const { group, instance } = this.#names;
    const command = new SetInstanceProtectionCommand({
      AutoScalingGroupName: group,
      InstanceIds: [instance],
      ProtectedFromScaleIn: on,
    });
    await this.#told('change its protection', () => this.#client.send(command));
  }

  /** Asks for another time-out of the hook. */
  async heartbeat(): Promise<void> {
    const command = new RecordLifecycleActionHeartbeatCommand(this.#action());
    await this.#told('ask for more time', () => this.#client.send(command));
  }

  /** Says that the instance is empty: the group terminates it at once. False when the group does not wait for it. */
  async complete(): Promise<boolean> {
    const command = new CompleteLifecycleActionCommand({
      ...this.#action(),
      LifecycleActionResult: 'CONTINUE',
    });
    try {
      await this.#client.send(command);
      return true;
    } catch (error) {
      // "No active Lifecycle Action found": it timed out, or the instance goes by another way.
      if (codeOf(error) === 'ValidationError') return false;
      throw serviceError(
        `The group ${this.#names.group} could not be told that this instance is empty`,
        error,
      );
    }
  }

  /** Closes the connections. */
  close(): void {
    this.#client.destroy();
  }

  #action(): { AutoScalingGroupName: string; LifecycleHookName: string; InstanceId: string } {
    const { group, hook, instance } = this.#names;
    return { AutoScalingGroupName: group, LifecycleHookName: hook, InstanceId: instance };
  }

  async #told(what: string, call: () => Promise<unknown>): Promise<void> {
    try {
      await call();
    } catch (error) {
      throw serviceError(`This instance of the group ${this.#names.group} could not ${what}`, error);
    }
  }
}
