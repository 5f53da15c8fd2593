import {
  AutoScalingClient,
  type AutoScalingGroup,
  DescribeAutoScalingGroupsCommand,
  SetInstanceProtectionCommand,
  UpdateAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import type { Fleet } from '../../core/ports.ts';
import { clientOptions, type ServiceConnection } from './service-connection.ts';
import { ServiceError, serviceError } from './service-error.ts';

/** Instances whose protection one call changes. [src: SetInstanceProtection, InstanceIds] */
const mostIds = 50;
/** An instance that ends between two calls makes the second one fail; it is looked at anew so often. */
const tries = 3;

/** The workers as an EC2 Auto Scaling group. Throws `ServiceError`, which names the group. */
export class AutoScalingFleet implements Fleet {
  readonly #client: AutoScalingClient;
  readonly #group: string;

  constructor(connection: ServiceConnection, group: string) {
    this.#client = new AutoScalingClient(clientOptions(connection));
    this.#group = group;
  }

  /**
   * Sets the group's bounds. At a maximum of zero every instance has to go, those that are protected from scale-in
   * too: they lose their protection first, and once more after it, for what was launched in between.
   */
  async setBounds(bounds: { minimum: number; maximum: number; desired: number }): Promise<void> {
    const command = new UpdateAutoScalingGroupCommand({
      AutoScalingGroupName: this.#group,
      MinSize: bounds.minimum,
      MaxSize: bounds.maximum,
      DesiredCapacity: bounds.desired,
    });
    const unprotect = () => this.#told('give its instances up', () => this.#unprotectAll());
    if (bounds.maximum === 0) await unprotect();
    await this.#told('take new bounds', () => this.#client.send(command));
    if (bounds.maximum === 0) await unprotect();
  }

  async size(): Promise<{ desired: number; running: number }> {
    const { DesiredCapacity = 0, Instances = [] } = await this.#told('be looked at', () => this.#describe());
    const running = Instances.filter(({ LifecycleState }) => LifecycleState !== 'Terminated').length;
    return { desired: DesiredCapacity, running };
  }

  /** Closes the connections. */
  close(): void {
    this.#client.destroy();
  }

  async #unprotectAll(): Promise<void> {
    for (let left = tries; ; left--) {
      try {
        const { Instances = [] } = await this.#describe();
        // Only instances in service can change it, and only they keep it.
        const ids = Instances.filter(
          ({ ProtectedFromScaleIn, LifecycleState }) =>
            ProtectedFromScaleIn === true && LifecycleState === 'InService',
        ).flatMap(({ InstanceId }) => InstanceId ?? []);
        for (let from = 0; from < ids.length; from += mostIds)
          await this.#unprotect(ids.slice(from, from + mostIds));
        return;
      } catch (error) {
        if (left <= 1 || !(error instanceof Error) || error.name !== 'ValidationError') throw error;
      }
    }
  }

  async #unprotect(InstanceIds: string[]): Promise<void> {
    await this.#client.send(
      new SetInstanceProtectionCommand({
        AutoScalingGroupName: this.#group,
        InstanceIds,
        ProtectedFromScaleIn: false,
      }),
    );
  }

  async #describe(): Promise<AutoScalingGroup> {
    const answer = await this.#client.send(
      new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [this.#group] }),
    );
    const group = answer.AutoScalingGroups?.[0];
    if (group !== undefined) return group;
    throw new ServiceError(
      `The Auto Scaling group ${this.#group} is not there`,
      'NoSuchGroup',
      'deploy the stack again, or correct WORKER_GROUP',
    );
  }

  async #told<Result>(action: string, call: () => Promise<Result>): Promise<Result> {
    try {
      return await call();
    } catch (error) {
      throw serviceError(`The Auto Scaling group ${this.#group} could not ${action}`, error);
    }
  }
}
