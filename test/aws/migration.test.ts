import { EventBridgeClient, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { CreateBucketCommand, CreateMultipartUploadCommand, S3Client } from '@aws-sdk/client-s3';
import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { S3JobStore } from '../../adapters/aws/s3-job-store.ts';
import { S3ObjectStore } from '../../adapters/aws/s3-object-store.ts';
import { jobLayout } from '../../core/job-layout.ts';
import { decodeJson } from '../../core/json-lines.ts';
import { Report } from '../../core/report/report.ts';
import { type S3Server, startS3Server } from '../../local/s3-server/s3-server.ts';
import { contentOf } from '../support/two-buckets.ts';
import { tableOf } from './calls-table.ts';
import { type MotoMigration, openMigration } from './migration-on-moto.ts';
import { describeOnMoto, type MotoServer, motoAccount, startMoto } from './moto-server.ts';
import { openGateway, type RecordingGateway } from './recording-gateway.ts';
import { createStack, type StackOnMoto } from './stack-on-moto.ts';

const keys = { accessKeyId: 'SOURCEKEY', secretAccessKey: 'source-secret-value' };
const objects = 300;
const sourceKeys = [
  ...Array.from({ length: objects }, (_, n) => `photos/${String(n).padStart(4, '0')}.jpg`),
  'by//sdk',
  'slow',
  'größe/🐂',
];
const migration = 'exit-ibm';
/** Without secrets the roles' own credentials are used. rclone finds no emulator without an endpoint in the request. */
const requestTo = (endpoint: string) => ({
  source: { provider: 'IBMCOS', bucket: 'media-archive', region: 'us-south' },
  destination: { bucket: 'destination-bucket', region: 'us-east-1', endpoint, prefix: 'ibm/' },
  objectTags: 'copy',
});

describeOnMoto('a whole migration on the deployed stack', () => {
  let server: MotoServer;
  let gateway: RecordingGateway;
  let source: S3Server;
  let stack: StackOnMoto;
  let running: MotoMigration;
  let account: typeof motoAccount & { endpoint: string };
  const clients: { destroy(): void }[] = [];
  const client = <Client extends { destroy(): void }>(made: Client): Client => {
    clients.push(made);
    return made;
  };
  const bucket = (name: string, endpoint: string, credentials: typeof keys) =>
    new S3ObjectStore({ provider: 'Other', bucket: name, region: 'us-east-1', endpoint, credentials });
  let heard: string;

  beforeAll(async () => {
    server = await startMoto();
    account = { ...motoAccount, endpoint: server.endpoint };
    stack = await createStack(server.endpoint);
    gateway = await openGateway(server.endpoint);
    source = await startS3Server({
      buckets: ['media-archive'],
      credentials: { [keys.accessKeyId]: keys.secretAccessKey },
    });
    const from = bucket('media-archive', source.endpoint, keys);
    for (const key of sourceKeys) {
      const body = Buffer.from(`content of ${key}`);
      await from.put(key, body, body.byteLength, key === 'slow' ? { tags: { team: 'media' } } : {});
    }
    from.close();
    const s3 = client(new S3Client({ ...account, forcePathStyle: true }));
    await s3.send(new CreateBucketCommand({ Bucket: 'destination-bucket' }));
    const secrets = client(new SecretsManagerClient(account));
    for (const [name, SecretString] of [
      ['access_key', keys.accessKeyId],
      ['secret_key', keys.secretAccessKey],
      ['endpoint', source.endpoint],
    ])
      await secrets.send(
        new PutSecretValueCommand({ SecretId: `/drover/dev/migration/source_${name}`, SecretString }),
      );
    const sqs = client(new SQSClient(account));
    heard = (await sqs.send(new CreateQueueCommand({ QueueName: 'heard' }))).QueueUrl ?? '';
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: heard, AttributeNames: ['QueueArn'] }),
    );
    const events = client(new EventBridgeClient(account));
    await events.send(
      new PutTargetsCommand({
        Rule: stack.id('MigrationEventsRule').split('/').at(-1),
        Targets: [{ Id: 'heard', Arn: Attributes?.['QueueArn'] ?? '' }],
      }),
    );
    running = await openMigration(stack, { moto: server.endpoint, gateway: gateway.endpoint }, async () => {
      const Key = 'ibm/photos/0000.jpg';
      await s3.send(new CreateMultipartUploadCommand({ Bucket: 'destination-bucket', Key }));
    });
  }, 120_000);
  afterAll(async () => {
    await running?.close();
    for (const one of clients) one.destroy();
    await Promise.all([gateway?.stop(), source?.stop()]);
    await server.stop();
  });

  it('brings every object, proves it, and leaves nothing behind', { timeout: 120_000 }, async () => {
    const request = requestTo(gateway.endpoint);
    const states = client(new SFNClient(account));
    const stateMachineArn = stack.id('MigrateStateMachine');
    const started = await states.send(
      new StartExecutionCommand({ stateMachineArn, name: migration, input: JSON.stringify(request) }),
    );
    // Long enough for the worker to extend its lease and to protect its instance; the refusal makes it try again.
    gateway.refuseNext(({ method, url }) => method === 'PUT' && /ibm\/slow/.test(url), 500, 6500);
    const arn = started.executionArn ?? '';
    await running.run({ arn, name: migration }, request).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${running.logged()}`);
    });

    const jobStore = new S3JobStore({
      provider: 'AWS',
      bucket: stack.id('JobStoreBucket'),
      ...account,
    });
    const file = await jobStore.read(jobLayout.report(`migrations/${migration}`));
    jobStore.close();
    if (file === null) throw new Error('there is no report');
    const report = decodeJson(file.bytes, Report);
    expect(running.tidied()).toEqual({
      fleetStopped: true,
      listersStopped: 1,
      uploadsAborted: 1,
      problems: [],
    });
    expect(report.status).toBe('SUCCEEDED');
    expect(report.error).toBeNull();
    expect(report.listed.objects).toBe(sourceKeys.length);
    expect(report.outcomes.copied.objects).toBe(sourceKeys.length);
    expect(report.verification).toMatchObject({
      provenByChecksum: sourceKeys.length,
      missing: 0,
      different: 0,
    });

    const from = bucket('media-archive', source.endpoint, keys);
    const to = bucket('destination-bucket', server.endpoint, motoAccount.credentials);
    const wanted = [...(await contentOf(from))].map(([key, body]) => [`ibm/${key}`, body]);
    expect(Object.fromEntries(await contentOf(to))).toEqual(Object.fromEntries(wanted));
    expect(await to.tags('ibm/slow')).toEqual({ team: 'media' });
    expect(await Array.fromAsync(to.unfinishedUploads(''))).toEqual([]);
    for (const store of [from, to]) store.close();
  });

  it('announces its end to whom the stack’s rule forwards it', async () => {
    const sqs = client(new SQSClient(account));
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl: heard, MaxNumberOfMessages: 10 }),
    );
    const [event, ...others] = Messages.map(({ Body = '{}' }) => JSON.parse(Body));
    expect(others).toEqual([]);
    expect(event).toMatchObject({
      source: 'drover',
      'detail-type': 'Migration Succeeded',
      detail: {
        migration,
        report: `s3://${stack.id('JobStoreBucket')}/migrations/${migration}/report.html`,
        outcomes: { copied: { objects: sourceKeys.length } },
      },
    });
  });

  it('shows no secret value in anything that a process logged', () => {
    expect(running.logged()).toContain('listing-finished');
    expect(running.logged()).not.toContain(keys.secretAccessKey);
    expect(running.logged()).not.toContain('secret-of-');
  });

  it('asks of AWS, role by role, what is in the table', async () => {
    await expect(tableOf(gateway.calls(), (resource) => stack.logical(resource))).toMatchFileSnapshot(
      './calls-by-role.ts',
    );
  });
});
