import {
  BatchDeleteImageCommand,
  DescribeRepositoriesCommand,
  ECRClient,
  PutImageCommand,
} from '@aws-sdk/client-ecr';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ecrRegistry, imageStackName } from '../../plugins/images/ecr-registry.ts';
import { awsLeftovers } from '../../plugins/safe-remove/leftovers.ts';
import { describeOnMoto, type MotoServer, motoAccount, startMoto } from './moto-server.ts';

const templatePath = new URL('../../resources/images.yml', import.meta.url).pathname;

describeOnMoto('the image repositories of a stage', () => {
  let server: MotoServer;
  let client: ECRClient;
  let config: {
    region: string;
    endpoint: string;
    credentials: () => Promise<typeof motoAccount.credentials>;
  };
  const registryOf = (stage: string) => ecrRegistry(config, { service: 'drover', stage, templatePath });
  const names = async () => {
    const { repositories = [] } = await client.send(new DescribeRepositoriesCommand({}));
    return repositories.map(({ repositoryName }) => repositoryName).sort();
  };

  beforeAll(async () => {
    server = await startMoto();
    config = {
      region: motoAccount.region,
      endpoint: server.endpoint,
      credentials: async () => motoAccount.credentials,
    };
    client = new ECRClient(config);
  });
  afterAll(async () => {
    client.destroy();
    await server.stop();
  });

  it('are made by the first deployment, and found by the next one, for each stage its own', async () => {
    const made = await registryOf('dev').repositories();
    expect(made.lister).toMatch(/^123456789012\.dkr\.ecr\.us-east-1\.amazonaws\.com\/drover-dev\/lister$/);
    expect(made.worker).toMatch(/\/drover-dev\/worker$/);
    expect(await registryOf('dev').repositories()).toEqual(made);
    await registryOf('prod').repositories();
    expect(await names()).toEqual([
      'drover-dev/lister',
      'drover-dev/worker',
      'drover-prod/lister',
      'drover-prod/worker',
    ]);
  });

  it('tell the digest of what was pushed under a tag, and that nothing was', async () => {
    const registry = registryOf('dev');
    const { worker } = await registry.repositories();
    expect(await registry.digestOf(worker, 'abc')).toBeNull();
    const imageManifest = JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: { digest: `sha256:${'a'.repeat(64)}` },
    });
    const pushed = await client.send(
      new PutImageCommand({ repositoryName: 'drover-dev/worker', imageTag: 'abc', imageManifest }),
    );
    expect(pushed.image?.imageId?.imageDigest).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(await registry.digestOf(worker, 'abc')).toBe(pushed.image?.imageId?.imageDigest);
    expect(await registry.digestOf(worker, 'other')).toBeNull();
  });

  it('give what docker needs to push', async () => {
    expect(await registryOf('dev').login()).toEqual({
      user: 'AWS',
      password: expect.stringMatching(/./),
      registry: expect.stringContaining('123456789012.dkr.ecr.us-east-1.amazonaws.com'),
    });
  });

  it('go with their stage, and those of another stay', async () => {
    const leftovers = awsLeftovers(config);
    // As EmptyOnDelete of the template has it; moto's CloudFormation passes over it.
    const imageIds = [{ imageTag: 'abc' }];
    await client.send(new BatchDeleteImageCommand({ repositoryName: 'drover-dev/worker', imageIds }));
    expect(await leftovers.deleteStack(imageStackName('drover', 'dev'))).toBe(true);
    expect(await names()).toEqual(['drover-prod/lister', 'drover-prod/worker']);
    expect(await leftovers.deleteStack(imageStackName('drover', 'dev'))).toBe(false);
  });
});
