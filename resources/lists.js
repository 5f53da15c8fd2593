/**
 * Parameters that are text in serverless.yml and something else in the template, most of them lists. CloudFormation
 * could split them, but not put something around each part: its Fn::Join takes no delimiter with a partition or an
 * account in it.
 */

/** `destinationBuckets` as the ARNs of the buckets. */
export const destinationBuckets = arns('destinationBuckets', (bucket) => `s3:::${bucketName(bucket)}`);

/** `destinationBuckets` as the ARNs of everything in them. */
export const destinationObjects = arns('destinationBuckets', (bucket) => `s3:::${bucketName(bucket)}/*`);

/** `sourceBuckets` as the ARNs of the buckets. */
export const sourceBuckets = arns('sourceBuckets', (bucket) => `s3:::${bucketName(bucket)}`);

/** `sourceBuckets` as the ARNs of everything in them. */
export const sourceObjects = arns('sourceBuckets', (bucket) => `s3:::${bucketName(bucket)}/*`);

/** `inventoryBuckets` as the ARNs of everything in them. */
export const inventoryObjects = arns('inventoryBuckets', (bucket) => `s3:::${bucketName(bucket)}/*`);

/** `secretNames` as the ARNs of the stage's secrets; each ends in six characters of Secrets Manager's own. */
export const namedSecrets = arns(
  'secretNames',
  (name, stage) =>
    `secretsmanager:\${AWS::Region}:\${AWS::AccountId}:secret:/drover/${stage}${secretName(name)}-??????`,
);

/** The repository of the lister's image, which the lister's task may pull from. */
export const listerRepository = repository('lister');

/** The repository of the workers' image, which they may pull from. */
export const workerRepository = repository('worker');

/** `instanceTypes` as the overrides of a mixed instances policy. */
export async function instanceTypes({ resolveVariable }) {
  const types = await partsOf(resolveVariable, 'instanceTypes');
  if (types.length === 0) throw new Error('instanceTypes is empty: name at least one, such as c7gn.large');
  return types.map((type) => ({ InstanceType: type }));
}

/** `logDays` as a number, which serverless asks for; CloudWatch Logs says at the deployment which ones it has. */
export async function logDays({ resolveVariable }) {
  const text = String(await resolveVariable('param:logDays'));
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  throw new Error(`logDays is "${text}", which is no number of days: write 30`);
}

/** `costTags` (`name=value,…`) as the tags of everything that the stack makes. */
export async function costTags({ resolveVariable }) {
  const tags = await partsOf(resolveVariable, 'costTags');
  return {
    'drover:stage': await resolveVariable('sls:stage'),
    ...Object.fromEntries(tags.map(nameAndValue)),
  };
}

/** The same tags for the instances of the Auto Scaling group; the stack's own tags do not reach them. */
export async function instanceTags(variables) {
  return (await diskTags(variables)).map((tag) => ({ ...tag, PropagateAtLaunch: true }));
}

/** The same tags for the disks of the instances. */
export async function diskTags(variables) {
  const stage = await variables.resolveVariable('sls:stage');
  const tags = { Name: `drover-${stage}-worker`, ...(await costTags(variables)) };
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}

/** The text of a parameter, in parts; none for an empty one. */
async function partsOf(resolveVariable, name) {
  const text = await resolveVariable(`param:${name}`);
  return String(text ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function arns(parameter, rest) {
  return async ({ resolveVariable }) => {
    const stage = await resolveVariable('sls:stage');
    const parts = await partsOf(resolveVariable, parameter);
    return parts.map((part) => ({ 'Fn::Sub': `arn:\${AWS::Partition}:${rest(part, stage)}` }));
  };
}

/** The one that the given image is in, or the stage's own, where the images that are built at a deployment go. */
function repository(part) {
  return async ({ resolveVariable }) => {
    const image = await resolveVariable(`param:${part}Image`);
    const given = /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.[a-z.]+\/([^@:]+)/.exec(String(image ?? ''));
    const [account, region, name] =
      given === null
        ? [`\${AWS::AccountId}`, `\${AWS::Region}`, `drover-${await resolveVariable('sls:stage')}/${part}`]
        : given.slice(1);
    return { 'Fn::Sub': `arn:\${AWS::Partition}:ecr:${region}:${account}:repository/${name}` };
  };
}

/** A wildcard would open more than the buckets that are named. [src: Amazon S3 user guide, bucket naming rules] */
function bucketName(text) {
  if (/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(text)) return text;
  throw new Error(`"${text}" is no bucket name: write names only, with commas between them`);
}

function secretName(text) {
  if (/^\/[A-Za-z0-9/_+=.@-]+$/.test(text)) return text;
  throw new Error(`secretNames holds "${text}", which is no name such as /migration/destination_access_key`);
}

function nameAndValue(tag) {
  const [name = '', ...value] = tag.split('=');
  if (name === '' || value.length === 0)
    throw new Error(`costTags holds "${tag}", which is no name=value: write project=exit-ibm,team=media`);
  return [name, value.join('=')];
}
