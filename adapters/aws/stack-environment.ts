import { z } from 'zod';

/**
 * What the deployed stack tells its Lambdas and containers about itself, variable by variable. AWS sets AWS_REGION
 * in all of them.
 */
export const stackEnvironment = {
  AWS_REGION: z.string().min(1, 'must be the region of the stack'),
  /** The job store's bucket. */
  JOB_STORE: z.string().regex(/^s3:\/\/[^/]+$/, 'must be "s3://" and a bucket name'),
  QUEUE_URL: z.url({ error: 'must be the URL of the work queue' }),
  /** The FIFO queue of the hash strategy; left out = the stack has none. */
  FIFO_QUEUE_URL: z.url({ error: 'must be the URL of the FIFO queue' }).optional(),
  QUEUE_REGION: z.string().min(1).optional(),
  /** Put before every secret's name, such as `/drover/dev`. */
  SECRET_PREFIX: z
    .string()
    .regex(/^(\/.*[^/])?$/, 'must be empty, or begin with a slash and end without one'),
  /** Name of the workers' Auto Scaling group. */
  WORKER_GROUP: z.string().min(1),
  /** Name or ARN of the listers' ECS cluster. */
  LISTER_CLUSTER: z.string().min(1),
} as const;

/** Reads the environment strictly; throws one line per variable that is missing or wrong. */
export function readEnvironment<Schema extends z.ZodType>(
  schema: Schema,
  environment: NodeJS.ProcessEnv,
): z.output<Schema> {
  const parsed = schema.safeParse(environment);
  if (parsed.success) return parsed.data;
  throw new Error(
    parsed.error.issues
      .map(({ path, message }) => {
        const name = path.join('.');
        const missing = environment[name] === undefined ? ' is not set;' : '';
        return `${name}:${missing} ${message}`;
      })
      .join('\n'),
  );
}
