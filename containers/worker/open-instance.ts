import { z } from 'zod';
import { GroupMembership } from '../../adapters/aws/group-membership.ts';
import { InstanceMetadata } from '../../adapters/aws/instance-metadata.ts';
import type { Clock } from '../../core/ports.ts';
import { readEnvironment } from '../place.ts';

const Environment = z.object({
  /** Address of the metadata service: `http://169.254.169.254`. */
  INSTANCE_METADATA: z.url(),
  AWS_REGION: z.string().min(1),
  /** Name of the Auto Scaling group that the instance belongs to. */
  WORKER_GROUP: z.string().min(1),
  /** Name of its hook for instances that are being terminated. */
  LIFECYCLE_HOOK: z.string().min(1),
  /**
   * Seconds that work in hand may take when the group ends the instance. Clean up waits ten minutes for the fleet to be
   * gone, of which EC2 needs two. Whoever is busy is spared from scale-in, so that giants are not cut off by it.
   */
  LIFECYCLE_DRAIN_SECONDS: z.coerce.number().min(0).default(420),
});

/** The instance that the environment names: its metadata and its membership. Throws one line per variable that is wrong. */
export async function openInstance(environment: NodeJS.ProcessEnv, clock: Clock) {
  const { INSTANCE_METADATA, AWS_REGION, WORKER_GROUP, LIFECYCLE_HOOK, LIFECYCLE_DRAIN_SECONDS } =
    readEnvironment(Environment, environment);
  const metadata = new InstanceMetadata(INSTANCE_METADATA, clock);
  const instance = await metadata.instanceId();
  const names = { group: WORKER_GROUP, hook: LIFECYCLE_HOOK, instance };
  return {
    metadata,
    membership: new GroupMembership({ region: AWS_REGION }, names),
    drainSeconds: LIFECYCLE_DRAIN_SECONDS,
  };
}
