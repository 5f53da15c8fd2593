import { imageStackName } from '../images/ecr-registry.ts';
import type { Osls, PluginWriters } from '../osls.ts';
import { awsLeftovers, type Leftovers } from './leftovers.ts';
import { awsActivity, type StackActivity } from './stack-activity.ts';
import { whyNotRemove } from './why-not-remove.ts';

/** The flags of `sls remove` that this plugin adds. */
export type RemoveOptions = { force?: boolean; 'delete-reports'?: boolean };

/** What a test puts in place of AWS. */
export type RemoveParts = { activity: StackActivity; leftovers: Leftovers };

/**
 * Makes `sls remove` safe: it refuses while anything of the stack works, unless it is told --force. The job store with
 * its reports stays, unless it is told --delete-reports. The image repositories always go: a deployment builds them again.
 */
export default class SafeRemove {
  readonly commands = {
    remove: {
      options: {
        force: { usage: 'Remove although a migration runs or the queue is not empty', type: 'boolean' },
        'delete-reports': {
          usage: 'Delete the job store with every report and log of outcomes',
          type: 'boolean',
        },
      },
    },
  };
  readonly hooks: Readonly<Record<string, () => Promise<void>>>;
  readonly #osls: Osls;
  readonly #options: RemoveOptions;
  readonly #log: PluginWriters['log'];
  readonly #given: RemoveParts | undefined;
  /** The job store's bucket, as long as the stack could still tell. */
  #bucket: string | undefined;

  constructor(osls: Osls, options: RemoveOptions, { log }: PluginWriters, parts?: RemoveParts) {
    this.#osls = osls;
    this.#options = options;
    this.#log = log;
    this.#given = parts;
    this.hooks = {
      'before:remove:remove': () => this.#before(),
      'after:remove:remove': () => this.#after(),
    };
  }

  async #before(): Promise<void> {
    const { activity, leftovers } = await this.#parts();
    const stack = this.#osls.getProvider('aws').naming.getStackName();
    const resources = await activity.resources(stack);
    if (resources === null) return;
    const reasons = await whyNotRemove(resources, activity);
    if (reasons.length > 0 && this.#options.force !== true) throw this.#refusal(stack, reasons);
    if (reasons.length > 0)
      this.#log.warning(
        `Removing ${stack} by force although ${reasons.join('; ')}. What is under way ends unfinished.`,
      );
    this.#bucket = resources.get('JobStoreBucket');
    if (this.#bucket === undefined || this.#options['delete-reports'] !== true) return;
    const deleted = await leftovers.emptyBucket(this.#bucket);
    this.#log.notice(`Deleted ${deleted} files and old versions of the job store ${this.#bucket}`);
  }

  async #after(): Promise<void> {
    const { leftovers } = await this.#parts();
    const images = imageStackName(this.#osls.service.service, this.#osls.getProvider('aws').getStage());
    if (await leftovers.deleteStack(images))
      this.#log.notice(`Deleted the image repositories (stack ${images})`);
    if (this.#bucket === undefined) return;
    if (this.#options['delete-reports'] !== true) {
      this.#log.notice(
        `The job store stays, with the reports in it: s3://${this.#bucket}. It costs storage until you delete it (aws s3 rb, after its versions).`,
      );
      return;
    }
    // A worker may have written in the seconds before it went.
    await leftovers.emptyBucket(this.#bucket);
    await leftovers.deleteBucket(this.#bucket);
  }

  #refusal(stack: string, reasons: readonly string[]): Error {
    return new this.#osls.classes.Error(
      `${stack} is not removed: ${reasons.join('; ')}. Wait for the migration to end or stop its execution, which cleans up; --force removes it all the same.`,
      'DROVER_STACK_BUSY',
    );
  }

  async #parts(): Promise<RemoveParts> {
    if (this.#given !== undefined) return this.#given;
    const config = await this.#osls.getProvider('aws').getAwsSdkV3Config();
    return { activity: awsActivity(config), leftovers: awsLeftovers(config) };
  }
}
