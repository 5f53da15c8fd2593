import { readFile } from 'node:fs/promises';
import {
  CloudFormationClient,
  CreateStackCommand,
  DescribeStacksCommand,
  UpdateStackCommand,
  waitUntilStackCreateComplete,
  waitUntilStackUpdateComplete,
} from '@aws-sdk/client-cloudformation';
import { DescribeImagesCommand, ECRClient, GetAuthorizationTokenCommand } from '@aws-sdk/client-ecr';
import type { ClientConfig } from '../osls.ts';
import type { Registry } from './build-images.ts';

/** Longest that two repositories may take. */
const patienceSeconds = 300;

/** Name of the stack that holds a stage's image repositories. */
export function imageStackName(service: string, stage: string): string {
  return `${service}-${stage}-images`;
}

/** The repositories in Amazon ECR, in a stack of their own from resources/images.yml. Throws what the SDK throws. */
export function ecrRegistry(
  config: ClientConfig,
  { service, stage, templatePath }: { service: string; stage: string; templatePath: string },
): Registry {
  const cloudFormation = new CloudFormationClient(config);
  const ecr = new ECRClient(config);
  const StackName = imageStackName(service, stage);

  async function findStack() {
    try {
      const { Stacks } = await cloudFormation.send(new DescribeStacksCommand({ StackName }));
      return Stacks?.[0] ?? null;
    } catch (error) {
      if (error instanceof Error && /does not exist/.test(error.message)) return null;
      throw error;
    }
  }

  async function deployStack(): Promise<void> {
    const input = {
      StackName,
      TemplateBody: await readFile(templatePath, 'utf8'),
      Parameters: [
        { ParameterKey: 'Service', ParameterValue: service },
        { ParameterKey: 'Stage', ParameterValue: stage },
      ],
      Tags: [{ Key: 'drover:stage', Value: stage }],
    };
    const waiting = { client: cloudFormation, maxWaitTime: patienceSeconds, minDelay: 1, maxDelay: 5 };
    if ((await findStack()) === null) {
      // Repositories that could not all be made are none: the next deployment begins anew.
      await cloudFormation.send(new CreateStackCommand({ ...input, OnFailure: 'DELETE' }));
      await waitUntilStackCreateComplete(waiting, { StackName });
      return;
    }
    try {
      await cloudFormation.send(new UpdateStackCommand(input));
    } catch (error) {
      if (error instanceof Error && /No updates are to be performed/.test(error.message)) return;
      throw error;
    }
    await waitUntilStackUpdateComplete(waiting, { StackName });
  }

  return {
    async repositories() {
      await deployStack();
      const outputs = (await findStack())?.Outputs ?? [];
      const uriOf = (name: string): string => {
        const uri = outputs.find(({ OutputKey }) => OutputKey === name)?.OutputValue;
        if (uri === undefined)
          throw new Error(`the stack ${StackName} has no output ${name}; deploy it again`);
        return uri;
      };
      return { lister: uriOf('lister'), worker: uriOf('worker') };
    },

    async digestOf(repositoryUri, tag) {
      const repositoryName = repositoryUri.slice(repositoryUri.indexOf('/') + 1);
      try {
        const found = await ecr.send(
          new DescribeImagesCommand({ repositoryName, imageIds: [{ imageTag: tag }] }),
        );
        return found.imageDetails?.[0]?.imageDigest ?? null;
      } catch (error) {
        if (error instanceof Error && error.name === 'ImageNotFoundException') return null;
        throw error;
      }
    },

    async login() {
      const { authorizationData } = await ecr.send(new GetAuthorizationTokenCommand({}));
      const { authorizationToken = '', proxyEndpoint = '' } = authorizationData?.[0] ?? {};
      const [user = '', password = ''] = Buffer.from(authorizationToken, 'base64').toString().split(':');
      if (password === '') throw new Error('Amazon ECR gave no token to push with');
      return { user, password, registry: proxyEndpoint };
    },
  };
}
