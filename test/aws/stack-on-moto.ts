import { readFile } from 'node:fs/promises';
import {
  CloudFormationClient,
  CreateStackCommand,
  paginateListStackResources,
  UpdateStackCommand,
} from '@aws-sdk/client-cloudformation';
import { DescribeTaskDefinitionCommand, ECSClient } from '@aws-sdk/client-ecs';
import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { z } from 'zod';
import { deploy } from '../template/deployed.ts';
import { type PackagedStack, plainStack } from '../template/package-stack.ts';
import { motoAccount } from './moto-server.ts';
import { templateForMoto } from './template-for-moto.ts';

/** The packaged stack as moto's CloudFormation made it. */
export type StackOnMoto = {
  packaged: PackagedStack;
  /** Physical ids by logical ones, of everything that was made. */
  ids: ReadonlyMap<string, string>;
  /** The physical id of a resource; throws when there is none. */
  id(logicalId: string): string;
  /** A resource by its logical id, of a call as aws-call.ts puts it. */
  logical(resource: string): string;
  /** What the stack tells each of its processes. */
  environment: {
    lambda(logicalId: string): Promise<Record<string, string>>;
    lister(): Promise<Record<string, string>>;
    worker(): Record<string, string>;
  };
};

const Code = z.object({ S3Key: z.string() });

/** Deploys the packaged stack as serverless does it: first the bucket for the code, then all the rest. */
export async function createStack(endpoint: string): Promise<StackOnMoto> {
  const packaged = await plainStack();
  const account = { ...motoAccount, endpoint };
  const StackName = `drover-${packaged.stage}`;
  const cloudFormation = new CloudFormationClient(account);
  const file = (moment: string) =>
    readFile(`${packaged.folder}/cloudformation-template-${moment}-stack.json`, 'utf8');
  const resources = async () => {
    const found = new Map<string, string>();
    for await (const page of paginateListStackResources({ client: cloudFormation }, { StackName }))
      for (const { LogicalResourceId, PhysicalResourceId } of page.StackResourceSummaries ?? [])
        if (LogicalResourceId && PhysicalResourceId) found.set(LogicalResourceId, PhysicalResourceId);
    return found;
  };

  await cloudFormation.send(new CreateStackCommand({ StackName, TemplateBody: await file('create') }));
  const Bucket = (await resources()).get('ServerlessDeploymentBucket');
  const s3 = new S3Client({ ...account, forcePathStyle: true });
  for (const { Type, Properties } of Object.values(packaged.template.Resources))
    if (Type === 'AWS::Lambda::Function') {
      const Key = Code.parse(Properties['Code']).S3Key;
      await s3.send(
        new PutObjectCommand({
          Bucket,
          Key,
          Body: await readFile(`${packaged.folder}/${Key.split('/').at(-1)}`),
        }),
      );
    }
  const TemplateBody = templateForMoto(packaged, await file('update'));
  await cloudFormation.send(
    new UpdateStackCommand({ StackName, TemplateBody, Capabilities: ['CAPABILITY_IAM'] }),
  );
  await createSecrets(packaged, account);
  const ids = await resources();
  for (const client of [cloudFormation, s3]) client.destroy();
  const id = (logicalId: string): string => {
    const found = ids.get(logicalId);
    if (found === undefined) throw new Error(`moto made no ${logicalId}`);
    return found;
  };
  return {
    packaged,
    ids,
    id,
    logical: (resource) => logicalResource(packaged, ids, resource),
    environment: environmentOf(packaged, id, account),
  };
}

/** Makes the secrets as the template does, placeholders and all. */
async function createSecrets(packaged: PackagedStack, account: typeof motoAccount & { endpoint: string }) {
  const worked = deploy(packaged);
  const client = new SecretsManagerClient(account);
  const Secret = z.object({ Name: z.string(), SecretString: z.string() });
  for (const logicalId of worked.logicalIds('AWS::SecretsManager::Secret'))
    await client.send(new CreateSecretCommand(Secret.parse(worked.properties(logicalId))));
  client.destroy();
}

function environmentOf(
  packaged: PackagedStack,
  id: (logicalId: string) => string,
  account: typeof motoAccount & { endpoint: string },
): StackOnMoto['environment'] {
  return {
    async lambda(logicalId) {
      const client = new LambdaClient(account);
      const found = await client.send(new GetFunctionConfigurationCommand({ FunctionName: id(logicalId) }));
      client.destroy();
      return { AWS_REGION: account.region, ...found.Environment?.Variables };
    },
    async lister() {
      const client = new ECSClient(account);
      const taskDefinition = id('ListerTaskDefinition');
      const found = await client.send(new DescribeTaskDefinitionCommand({ taskDefinition }));
      client.destroy();
      const variables = found.taskDefinition?.containerDefinitions?.[0]?.environment ?? [];
      return Object.fromEntries([
        ['AWS_REGION', account.region],
        ...variables.map(({ name, value }) => [name ?? '', value ?? '']),
      ]);
    },
    worker() {
      const { LaunchTemplateData } = deploy(packaged).properties('WorkerLaunchTemplate');
      const userData = z.object({ UserData: z.string() }).parse(LaunchTemplateData).UserData;
      const exported = [...userData.matchAll(/^export (\w+)=(.*)$/gm)].map(([, name, value]) => [
        name,
        value,
      ]);
      return {
        ...Object.fromEntries(exported),
        JOB_STORE: `s3://${id('JobStoreBucket')}`,
        QUEUE_URL: id('WorkQueue'),
        FIFO_QUEUE_URL: id('FifoWorkQueue'),
      };
    },
  };
}

/** A call's resource with the physical name in it replaced by the logical id, where the template has one. */
function logicalResource(
  packaged: PackagedStack,
  ids: ReadonlyMap<string, string>,
  resource: string,
): string {
  const worked = deploy(packaged);
  const secrets = worked
    .logicalIds('AWS::SecretsManager::Secret')
    .map((logicalId) => [String(worked.properties(logicalId)['Name']), logicalId] as const);
  const names = [...ids].flatMap(([logicalId, physical]) =>
    [physical, physical.split(/[:/]/).at(-1) ?? ''].map((name) => [name, logicalId] as const),
  );
  const known = new Map([...names.filter(([name]) => !/^drover-\w+$/.test(name)), ...secrets]);
  if (resource.startsWith('tasks of ')) return 'tasks of ListerCluster';
  // A secret's name begins with a slash; a bucket's is before the first one.
  const [, words = '', name = '', rest = ''] = /^(executions of |)(\/.+|[^/]+)(\/.*)?$/s.exec(resource) ?? [];
  return `${words}${known.get(name) ?? name}${rest}`;
}
