import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { S3Connection } from '../../../adapters/aws/resolve-connection.ts';
import { S3ObjectStore, type S3ObjectStoreOptions } from '../../../adapters/aws/s3-object-store.ts';
import type { ObjectStore } from '../../../core/ports.ts';
import { StoreError } from '../../../core/store-error.ts';
import { type S3Server, startS3Server } from '../../../local/s3-server/s3-server.ts';

const secretAccessKey = 'very/secret+key';
const region = 'eu-central-1';
const stores: S3ObjectStore[] = [];
let server: S3Server;

beforeAll(async () => {
  server = await startS3Server({ buckets: ['held'], region, credentials: { AKID: secretAccessKey } });
});
afterEach(() => {
  for (const store of stores.splice(0)) store.close();
  server.credentials = { AKID: secretAccessKey };
  Object.assign(server.faults, {
    errorRate: [],
    throttle: 0,
    deny: [],
    expiredKeys: [],
    hang: 0,
    tagging: true,
  });
  Object.assign(server.faults, { listing: 'v2', truncateBody: 0, dropConnection: 0 });
});
afterAll(() => server.stop());

function open(fields: Partial<S3Connection> = {}, options: S3ObjectStoreOptions = {}): S3ObjectStore {
  const connection = {
    provider: 'Other',
    bucket: 'held',
    region,
    endpoint: server.endpoint,
    credentials: { accessKeyId: 'AKID', secretAccessKey },
    ...fields,
  };
  const store = new S3ObjectStore(connection, { maxAttempts: 1, ...options });
  stores.push(store);
  return store;
}

async function failureOf(call: Promise<unknown>): Promise<StoreError> {
  const error = await call.then(
    () => new Error('it did not fail'),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof StoreError)) throw error;
  // No secret, and nothing of the SDK's error, which carries what was signed.
  expect(JSON.stringify([error.message, error, error.cause ?? null])).not.toContain(secretAccessKey);
  expect(error.cause).toBeUndefined();
  return error;
}

const list = (store: ObjectStore) => store.listPage({ prefix: '', startAfter: null });
const put = (store: ObjectStore) => store.put('key', Buffer.from('x'), 1, {});

describe('a real answer of a store becomes', () => {
  it('missing-bucket when the bucket is not there', async () => {
    const store = open({ bucket: 'nowhere' });
    for (const error of await Promise.all([list(store), store.get('key'), put(store)].map(failureOf))) {
      expect(error).toMatchObject({ kind: 'missing-bucket', code: 'NoSuchBucket', status: 404 });
    }
  });

  it('credential when the access key is unknown', async () => {
    const store = open({ credentials: { accessKeyId: 'OTHER', secretAccessKey } });
    expect(await failureOf(list(store))).toMatchObject({ kind: 'credential', code: 'InvalidAccessKeyId' });
  });

  it('credential when the secret key is wrong', async () => {
    const store = open({ credentials: { accessKeyId: 'AKID', secretAccessKey: 'wrong' } });
    for (const error of await Promise.all([list(store), put(store), store.get('key')].map(failureOf))) {
      expect(error).toMatchObject({ kind: 'credential', code: 'SignatureDoesNotMatch' });
    }
  });

  it('credential when the session is over', async () => {
    server.faults.expiredKeys = ['AKID'];
    expect(await failureOf(list(open()))).toMatchObject({ kind: 'credential', code: 'ExpiredToken' });
  });

  it('wrong-region, with the right one, when the region is another', async () => {
    const store = open({ region: 'us-east-1' });
    expect(await failureOf(list(store))).toMatchObject({ kind: 'wrong-region', region });
    expect(await failureOf(store.head('key'))).toMatchObject({ kind: 'wrong-region', region });
  });

  it('denied when a policy forbids it, for a HEAD too, which has no body', async () => {
    server.faults.deny = [{ bucket: 'held', operation: '*' }];
    const store = open();
    expect(await failureOf(list(store))).toMatchObject({ kind: 'denied', code: 'AccessDenied', status: 403 });
    expect(await failureOf(put(store))).toMatchObject({ kind: 'denied' });
    expect(await failureOf(store.head('key'))).toMatchObject({ kind: 'denied', status: 403 });
    expect(await failureOf(store.delete('key'))).toMatchObject({ kind: 'denied' });
    expect(await failureOf(store.tags('key'))).toMatchObject({ kind: 'denied' });
  });

  it('throttled when it asks for fewer requests', async () => {
    server.faults.errorRate = [{ operation: '*', status: 503, probability: 1 }];
    const store = open();
    expect(await failureOf(list(store))).toMatchObject({ kind: 'throttled', code: 'SlowDown', status: 503 });
    expect(await failureOf(store.head('key'))).toMatchObject({ kind: 'throttled', status: 503 });
  });

  it('failed when it breaks inside', async () => {
    server.faults.errorRate = [{ operation: '*', status: 500, probability: 1 }];
    expect(await failureOf(list(open()))).toMatchObject({
      kind: 'failed',
      code: 'InternalError',
      status: 500,
    });
  });

  it('unsupported when it does not know the operation', async () => {
    Object.assign(server.faults, { tagging: false, listing: 'v1-only' });
    const store = open();
    await put(store);
    expect(await failureOf(store.tags('key'))).toMatchObject({ kind: 'unsupported', code: 'NotImplemented' });
    expect(await failureOf(list(store))).toMatchObject({ kind: 'unsupported', code: 'NotImplemented' });
    expect((await list(open({}, { listing: 'v1' }))).objects).toHaveLength(1);
  });

  it('archived when the object must be restored first', async () => {
    const store = open();
    await store.put('frozen', Buffer.from('x'), 1, { storageClass: 'GLACIER' });
    expect(await failureOf(store.get('frozen'))).toMatchObject({
      kind: 'archived',
      code: 'InvalidObjectState',
    });
  });

  it('precondition when another version is there', async () => {
    const store = open();
    await put(store);
    const read = store.get('key', { ifMatch: '0'.repeat(32) });
    expect(await failureOf(read)).toMatchObject({
      kind: 'precondition',
      code: 'PreconditionFailed',
      status: 412,
    });
  });

  it('rejected when the key is too long', async () => {
    const store = open();
    const long = store.put('x'.repeat(1025), Buffer.from('x'), 1, {});
    expect(await failureOf(long)).toMatchObject({ kind: 'rejected', code: 'KeyTooLongError' });
  });

  it('rejected when the storage class does not exist', async () => {
    const odd = open().put('key', Buffer.from('x'), 1, { storageClass: 'NO_SUCH_CLASS' });
    expect(await failureOf(odd)).toMatchObject({ kind: 'rejected', code: 'InvalidStorageClass' });
  });

  it('unreachable when the body of an object breaks off', async () => {
    const store = open();
    await store.put('cut', Buffer.alloc(100_000), 100_000, {});
    server.faults.truncateBody = 1;
    const read = async () => {
      for await (const chunk of (await store.get('cut'))?.body ?? [])
        expect(chunk.byteLength).toBeGreaterThan(0);
    };
    expect(await failureOf(read())).toMatchObject({ kind: 'unreachable', code: 'ECONNRESET' });
  });

  it('unreachable when the connection is dropped', async () => {
    const store = open();
    await put(store);
    server.faults.dropConnection = 1;
    expect(await failureOf(store.get('key'))).toMatchObject({ kind: 'unreachable', code: 'ECONNRESET' });
  });

  it('unreachable when it never answers', async () => {
    server.faults.hang = 1;
    const store = open({}, { idleSeconds: 0.3 });
    expect(await failureOf(list(store))).toMatchObject({
      kind: 'unreachable',
      code: 'TimeoutError',
      status: null,
    });
  });
});

describe('a store that cannot be reached is', () => {
  it('unreachable when its name is unknown', async () => {
    const store = open({ endpoint: 'http://no-such-host.invalid' });
    const error = await failureOf(list(store));
    expect(error.kind).toBe('unreachable');
    expect(['ENOTFOUND', 'EAI_AGAIN']).toContain(error.code);
  });

  it('unreachable when nobody listens', async () => {
    const closed = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => closed.once('listening', resolve));
    const { port } = closed.address() as AddressInfo;
    await new Promise((resolve) => closed.close(resolve));
    for (const host of ['127.0.0.1', 'localhost']) {
      const error = await failureOf(list(open({ endpoint: `http://${host}:${port}` })));
      expect(error).toMatchObject({ kind: 'unreachable', code: 'ECONNREFUSED' });
      expect(error.message).toContain('connect ECONNREFUSED');
    }
  });

  it('unreachable when it speaks no TLS', async () => {
    const endpoint = server.endpoint.replace('http:', 'https:');
    expect(await failureOf(list(open({ endpoint })))).toMatchObject({ kind: 'unreachable' });
  });

  it('without credentials where the default chain finds none', async () => {
    const { env } = process;
    const hidden = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_PROFILE'].map((name) => [
      name,
      env[name],
    ]);
    for (const [name] of hidden) delete env[name ?? ''];
    const set = {
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
      AWS_CONFIG_FILE: '/dev/null',
    };
    const before = Object.keys(set).map((name) => [name, env[name]] as const);
    Object.assign(env, set);
    try {
      const error = await failureOf(list(open({ credentials: null })));
      expect(error).toMatchObject({ kind: 'credential', code: 'CredentialsProviderError' });
    } finally {
      for (const [name, value] of [...hidden, ...before]) if (value !== undefined) env[name ?? ''] = value;
      for (const [name, value] of before) if (value === undefined) delete env[name];
    }
  });
});

describe('an answer that only other stores give', () => {
  let answers: Server;
  let answer = { status: 400, code: '', headers: {} as Record<string, string>, body: '' };
  beforeAll(async () => {
    answers = createServer((request, response) => {
      request.resume();
      const { status, code, headers, body } = answer;
      response.writeHead(status, { 'content-type': 'application/xml', ...headers });
      const error = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>said ${code}</Message>${body}</Error>`;
      response.end(request.method === 'HEAD' ? undefined : code === '' ? body : error);
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => answers.once('listening', resolve));
  });
  afterAll(() => new Promise((resolve) => answers.close(resolve)));
  const openEndpoint = () => `http://127.0.0.1:${(answers.address() as AddressInfo).port}`;
  const openOther = () => open({ endpoint: openEndpoint() });

  it.each([
    [301, 'PermanentRedirect', 'wrong-region'],
    [400, 'AuthorizationHeaderMalformed', 'wrong-region'],
    [400, 'IllegalLocationConstraintException', 'wrong-region'],
    [400, 'InvalidToken', 'credential'],
    [400, 'ExpiredToken', 'credential'],
    [403, 'AllAccessDisabled', 'blocked'],
    [403, 'QuotaExceeded', 'blocked'],
    [507, 'SomethingNew', 'blocked'],
    [400, 'KMS.ThrottlingException', 'throttled'],
    [403, 'SomethingNew', 'denied'],
    [400, 'KMS.NotFoundException', 'denied'],
    [503, 'ServiceUnavailable', 'throttled'],
    [429, 'TooManyRequests', 'throttled'],
    [429, 'SomethingNew', 'throttled'],
    [501, 'SomethingNew', 'unsupported'],
    [405, 'MethodNotAllowed', 'unsupported'],
    [409, 'ConditionalRequestConflict', 'precondition'],
    [416, 'InvalidRange', 'precondition'],
    [400, 'EntityTooLarge', 'rejected'],
    [400, 'InvalidObjectName', 'rejected'],
    [400, 'MetadataTooLarge', 'rejected'],
    [400, 'InvalidTag', 'rejected'],
    [400, 'BadDigest', 'failed'],
    [400, 'RequestTimeout', 'throttled'],
    [400, 'SomethingNew', 'failed'],
    [500, 'InternalError', 'failed'],
    [502, 'BadGateway', 'failed'],
    [418, 'constructor', 'failed'],
  ])('with %i %s becomes %s', async (status, code, kind) => {
    answer = { status, code, headers: {}, body: '' };
    const error = await failureOf(put(openOther()));
    expect(error).toMatchObject({ kind, code, status });
    expect(error.message).toBe(`${code}: said ${code}`);
  });

  it('tells the region of the bucket where the store names it in the answer', async () => {
    const body = '<Region>ap-south-1</Region>';
    answer = { status: 400, code: 'AuthorizationHeaderMalformed', headers: {}, body };
    expect(await failureOf(list(openOther()))).toMatchObject({ kind: 'wrong-region', region: 'ap-south-1' });
  });

  it.each([301, 400])(
    'tells the wrong region of a HEAD that ends in %i and names another one',
    async (status) => {
      answer = { status, code: '', headers: { 'x-amz-bucket-region': 'ap-south-1' }, body: '' };
      expect(await failureOf(openOther().head('key'))).toMatchObject({
        kind: 'wrong-region',
        region: 'ap-south-1',
      });
    },
  );

  it.each([
    [200, '<html><body>Please log in</body></html>'],
    [503, '<html><body>upstream gone</body></html>'],
    [200, 'not even markup'],
    [500, ''],
    [200, ''],
  ])('is a StoreError when it is no S3 answer at all (%i %s)', async (status, body) => {
    answer = { status, code: '', headers: {}, body };
    const store = openOther();
    const uploads = async () => {
      for await (const upload of store.unfinishedUploads('')) expect(upload).toBeUndefined();
    };
    const v1 = open({ endpoint: openEndpoint() }, { listing: 'v1' });
    const calls: (() => Promise<unknown>)[] = [
      () => list(store),
      () => list(v1),
      () => store.get('key'),
      () => store.head('key'),
    ];
    for (const call of [...calls, () => put(store), () => store.tags('key'), uploads]) {
      expect(['failed', 'throttled', 'unsupported']).toContain((await failureOf(call())).kind);
    }
  });
});

describe('a refused request', () => {
  it('is repeated as often as told, and every repetition is counted', async () => {
    server.faults.errorRate = [{ operation: 'HeadObject', status: 503, probability: 1 }];
    const store = open({}, { maxAttempts: 3 });
    expect(await failureOf(store.head('key'))).toMatchObject({ kind: 'throttled' });
    expect(store.requestsMade()).toEqual({ HeadObject: 3 });
  });

  it('is not repeated when the store will never accept it', async () => {
    const store = open({ bucket: 'nowhere' }, { maxAttempts: 3 });
    await failureOf(list(store));
    expect(store.requestsMade()).toEqual({ ListObjectsV2: 1 });
  });
});
