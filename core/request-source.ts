import { z } from 'zod';
import { SecretNames } from './batching/batch.ts';
import { InvalidRequest } from './errors.ts';
import { Bucket, Endpoint, Prefix } from './request-fields.ts';

/** The secret that holds an rclone remote's options, used when a request names none. */
export const defaultRcloneSecret = '/migration/source_rclone_config';

/** Of every source. */
const anySource = {
  prefix: Prefix.default(''),
  requestsPerSecond: z
    .number()
    .positive('must be above 0, or left out for no ceiling')
    .nullable()
    .default(null),
};

/** A manifest of S3 Inventory, or the folder of an earlier migration in the job store. */
const Inventory = z
  .string()
  .regex(
    /^(s3:\/\/[^/]+\/(.+\/)?manifest\.json|migrations\/[A-Za-z0-9][A-Za-z0-9._-]{0,79}(\/pass-\d+)?)$/,
    'must be the address of a manifest of S3 Inventory, such as s3://bucket/path/manifest.json, or of an earlier migration, such as migrations/my-id',
  );

/** A store with an S3 API. */
export const S3Source = z.strictObject({
  type: z.literal('s3'),
  provider: z
    .string()
    .regex(
      /^[A-Za-z0-9]+$/,
      "must be a provider name of rclone's S3 backend, such as IBMCOS, Ceph, Minio, AWS or Other",
    )
    .default('Other'),
  bucket: Bucket,
  region: z.string().min(1).default('us-east-1'),
  endpoint: Endpoint.optional(),
  /** null = the default AWS credential chain; left out = the stack's own secrets. */
  secrets: SecretNames.nullable().optional(),
  /** Left out = the bucket is listed. */
  inventory: Inventory.optional(),
  ...anySource,
});

/** Any backend of rclone. [src: rclone, overview of cloud storage systems] */
const RcloneSource = z.strictObject({
  type: z.literal('rclone'),
  backend: z
    .string()
    .regex(/^[a-z0-9]+$/, 'must be the type of an rclone remote, such as drive, webdav, sftp or azureblob')
    .refine((backend) => backend !== 's3', 'must be another one: S3 stores are sources of type "s3"'),
  path: z.string().default(''),
  /** null = the backend needs no options. */
  secret: z.string().min(1).nullable().default(defaultRcloneSecret),
  ...anySource,
});

/** Where a migration reads. A source without a type is an S3 store. */
export const Source = z.preprocess(
  (source) =>
    typeof source === 'object' && source !== null && !('type' in source) ? { ...source, type: 's3' } : source,
  z.discriminatedUnion('type', [S3Source, RcloneSource], {
    error: ({ code }) => (code === 'invalid_union' ? 'must be "s3" or "rclone"' : undefined),
  }),
);

type WithSource = {
  source: z.infer<typeof Source>;
  objectTags?: 'copy' | 'ignore' | undefined;
  verify: { contentSample: number };
};

/** Throws `InvalidRequest` for what a source without an S3 API cannot do. */
export function refuseWithRclone({ source, objectTags, verify }: WithSource): void {
  if (source.type !== 'rclone') return;
  if (verify.contentSample > 0)
    throw new InvalidRequest(
      `verify.contentSample is ${verify.contentSample}, but the verification cannot read a source of type "rclone". Leave it out: such objects are proven by size, and by MD5 where the backend tells it.`,
    );
  if (objectTags === 'copy')
    throw new InvalidRequest(
      'objectTags is "copy", but sources of type "rclone" have no tags. Leave it out; tags that rules give are written all the same.',
    );
  if (source.backend === 'local' && !source.path.startsWith('/'))
    throw new InvalidRequest(
      `source.path is ${JSON.stringify(source.path)}, but a folder of the backend "local" must be given by its whole path, beginning with "/".`,
    );
}
