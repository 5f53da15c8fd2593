import { CreateBucketCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterEach, describe, expect, it } from 'vitest';
import { type S3Server, type S3ServerOptions, startS3Server } from '../../../local/s3-server/s3-server.ts';
import { expectRefusal } from '../../conformance/s3-server/target.ts';

describe('access to the S3 server', () => {
  const open: { stop(): unknown }[] = [];
  afterEach(async () => {
    for (const one of open.splice(0)) await one.stop();
  });

  const start = async (options: S3ServerOptions): Promise<S3Server> => {
    const server = await startS3Server({ buckets: ['one', 'two'], ...options });
    open.push(server);
    return server;
  };
  const clientOf = (server: S3Server, accessKeyId: string, secretAccessKey: string, region = 'eu-west-1') => {
    const credentials = { accessKeyId, secretAccessKey };
    const client = new S3Client({
      endpoint: server.endpoint,
      region,
      forcePathStyle: true,
      credentials,
      maxAttempts: 1,
    });
    open.push({ stop: () => client.destroy() });
    return client;
  };
  const list = (client: S3Client, Bucket = 'one') => client.send(new ListObjectsV2Command({ Bucket }));
  const put = (client: S3Client, Bucket: string, Key: string) =>
    client.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));

  it('follows a rotation of keys while it runs', async () => {
    const server = await start({ credentials: { old: 'old-secret' } });
    const before = clientOf(server, 'old', 'old-secret');
    const after = clientOf(server, 'new', 'new-secret');
    await list(before);
    await expectRefusal(list(after), 'InvalidAccessKeyId', 403);
    server.credentials = { new: 'new-secret' };
    await list(after);
    await expectRefusal(list(before), 'InvalidAccessKeyId', 403);
    server.credentials = { new: 'changed' };
    await expectRefusal(list(after), 'SignatureDoesNotMatch', 403);
  });

  it('refuses keys whose session is over', async () => {
    const server = await start({ credentials: { temporary: 's' } });
    const client = clientOf(server, 'temporary', 's');
    await list(client);
    server.faults.expiredKeys = ['temporary'];
    await expectRefusal(list(client), 'ExpiredToken', 400);
  });

  it('lets everybody in when it has no credentials', async () => {
    const server = await start({});
    await list(clientOf(server, 'any', 'thing'));
    expect((await fetch(`${server.endpoint}/one`)).status).toBe(200);
  });

  it('does not take the name of an inherited property for an access key', async () => {
    const server = await start({ credentials: { known: 's' } });
    await expectRefusal(list(clientOf(server, 'constructor', 's')), 'InvalidAccessKeyId', 403);
  });

  it('names the region it expects when the signature is for another', async () => {
    const server = await start({ region: 'eu-west-1', credentials: { k: 's' } });
    await list(clientOf(server, 'k', 's'));
    const wrong = clientOf(server, 'k', 's', 'us-west-2');
    await expectRefusal(list(wrong), 'AuthorizationHeaderMalformed', 400);
    await expect(list(wrong)).rejects.toThrow("the region 'us-west-2' is wrong; expecting 'eu-west-1'");
  });

  it('sends those who ask for a bucket of another region there', async () => {
    const server = await start({ region: 'eu-west-1', credentials: { k: 's' } });
    const CreateBucketConfiguration = { LocationConstraint: 'ap-south-1' } as const;
    const client = clientOf(server, 'k', 's');
    await client.send(new CreateBucketCommand({ Bucket: 'far', CreateBucketConfiguration }));
    await expectRefusal(list(client, 'far'), 'PermanentRedirect', 301);
    await list(clientOf(server, 'k', 's', 'ap-south-1'), 'far');
  });

  it('denies an operation on a bucket, and only that, while it is denied', async () => {
    const server = await start({ faults: { deny: [{ bucket: 'one', operation: 'PutObject' }] } });
    const client = clientOf(server, 'k', 's');
    await expectRefusal(put(client, 'one', 'x'), 'AccessDenied', 403);
    await put(client, 'two', 'x');
    await list(client);
    server.faults.deny = [{ bucket: 'two', operation: '*', keyPrefix: 'secret/' }];
    await put(client, 'one', 'x');
    await expectRefusal(put(client, 'two', 'secret/x'), 'AccessDenied', 403);
    await put(client, 'two', 'open/x');
  });

  it('denies with PutObject every way to make an object, as a policy does', async () => {
    const server = await start({ faults: { deny: [{ bucket: 'one', operation: 'PutObject' }] } });
    const url = `${server.endpoint}/one/x`;
    const copy = { method: 'PUT', headers: { 'x-amz-copy-source': '/two/x' } };
    expect((await fetch(`${url}?uploads`, { method: 'POST' })).status).toBe(403);
    expect((await fetch(url, copy)).status).toBe(403);
    expect((await fetch(url, { method: 'DELETE' })).status).toBe(204);
  });
});
