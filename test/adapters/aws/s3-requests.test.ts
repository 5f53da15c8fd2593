import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { S3Connection } from '../../../adapters/aws/resolve-connection.ts';
import { type S3ClientOptions, s3Client } from '../../../adapters/aws/s3-client.ts';
import { S3ObjectStore } from '../../../adapters/aws/s3-object-store.ts';
import { S3Requests } from '../../../adapters/aws/s3-requests.ts';
import { addressOf } from '../../../adapters/aws/store-address.ts';
import { StoreError } from '../../../core/store-error.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const region = 'eu-central-1';
const page =
  '<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>k</Key><LastModified>2024-01-01T00:00:00.000Z</LastModified><Size>1</Size></Contents></ListBucketResult>';
const closing: (() => void)[] = [];
let server: Server;
let endpoint = '';
let answers: Answer[] = [];
let seen: IncomingMessage[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    request.resume();
    seen.push(request);
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    answer?.(request, response);
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  for (const close of closing.splice(0)) close();
  answers = [];
  seen = [];
  vi.restoreAllMocks();
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

const connection = (fields: Partial<S3Connection> = {}): S3Connection => ({
  provider: 'Other',
  bucket: 'held',
  region,
  endpoint,
  credentials: { accessKeyId: 'AKID', secretAccessKey: 'secret' },
  ...fields,
});
function open(options: S3ClientOptions = {}, fields: Partial<S3Connection> = {}): S3ObjectStore {
  const store = new S3ObjectStore(connection(fields), options);
  closing.push(() => store.close());
  return store;
}
const list = (store: S3ObjectStore, signal?: AbortSignal) =>
  store.listPage({ prefix: '', startAfter: null, ...(signal === undefined ? {} : { signal }) });
const says =
  (status: number, body: string, headers: Record<string, string> = {}): Answer =>
  (_, response) =>
    void response.writeHead(status, headers).end(body);
const refuses = (status: number, code: string, headers: Record<string, string> = {}): Answer =>
  says(
    status,
    `<?xml version="1.0"?>\n<Error><Code>${code}</Code><Message>no &amp; no</Message></Error>`,
    headers,
  );
async function failureOf(call: Promise<unknown>): Promise<StoreError> {
  const error = await call.then(
    () => new Error('it did not fail'),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof StoreError)) throw error;
  return error;
}

describe('a request is repeated', () => {
  it.each([
    ['a 500', says(500, '')],
    ['a 503 without a word', says(503, '')],
    ['SlowDown', refuses(503, 'SlowDown')],
    ['a 429', refuses(429, 'SomethingNew')],
    ['RequestTimeout', refuses(400, 'RequestTimeout')],
    ['a connection that breaks', ((request) => void request.socket.destroy()) satisfies Answer],
    [
      'an answer that breaks off',
      ((request, response) => {
        response.writeHead(200, { 'content-length': '1000' }).write('<ListBucketResult>');
        setImmediate(() => request.socket.destroy());
      }) satisfies Answer,
    ],
  ])('after %s, and both are counted', async (_, first) => {
    answers = [first, says(200, page)];
    const store = open();
    expect((await list(store)).objects).toHaveLength(1);
    expect(store.requestsMade()).toEqual({ ListObjectsV2: 2 });
  });

  it.each([
    [403, 'AccessDenied'],
    [400, 'InvalidArgument'],
    [501, 'NotImplemented'],
    [404, 'NoSuchBucket'],
    [403, 'InvalidAccessKeyId'],
  ])('never after %i %s', async (status, code) => {
    answers = [refuses(status, code)];
    const store = open();
    expect(await failureOf(list(store))).toMatchObject({ code, status, message: `${code}: no & no` });
    expect(store.requestsMade()).toEqual({ ListObjectsV2: 1 });
  });

  it('as often as told and no more', async () => {
    answers = [refuses(503, 'SlowDown')];
    const store = open({ maxAttempts: 2 });
    expect(await failureOf(list(store))).toMatchObject({ kind: 'throttled' });
    expect(store.requestsMade()).toEqual({ ListObjectsV2: 2 });
  });

  it('no more when its signal aborts in the pause', async () => {
    const stop = new AbortController();
    answers = [
      (_, response) => {
        response.writeHead(503, { 'retry-after': '15' }).end();
        response.once('close', () => setImmediate(() => stop.abort()));
      },
    ];
    expect(await failureOf(list(open(), stop.signal))).toMatchObject({ code: 'AbortError' });
    expect(seen).toHaveLength(1);
  });

  it('no more once a hundred in a row were of no use: the store has enough to do', async () => {
    answers = [says(500, '')];
    const store = open({ maxAttempts: 200 });
    vi.spyOn(Math, 'random').mockReturnValue(0);
    await failureOf(list(store));
    expect(store.requestsMade().ListObjectsV2).toBe(101);
  });
});

function s3ClientOf(fields: Partial<S3Connection> = {}, options: S3ClientOptions = {}) {
  const client = s3Client(connection(fields), options);
  closing.push(client.close);
  return client;
}

describe('the clock', () => {
  it('is taken from the store when it refuses the time, and kept', async () => {
    const storeMs = Date.now() + 3 * 3600 * 1000;
    const date = new Date(storeMs).toUTCString();
    answers = [refuses(403, 'RequestTimeTooSkewed', { date }), says(200, page)];
    const store = open();
    await list(store);
    await list(store);
    expect(seen).toHaveLength(3);
    const signedAt = seen.map(({ headers }) => headers['x-amz-date']);
    const hour = (at: number) => new Date(at).toISOString().slice(0, 13).replaceAll('-', '');
    expect(signedAt[1]?.toString().slice(0, 11)).toBe(hour(storeMs));
    expect(signedAt[2]?.toString().slice(0, 11)).toBe(hour(storeMs));
  });

  it('is not blamed for a wrong secret', async () => {
    answers = [refuses(403, 'SignatureDoesNotMatch')];
    const store = open();
    expect(await failureOf(list(store))).toMatchObject({ kind: 'credential' });
    expect(seen).toHaveLength(1);
  });
});

describe('an answer', () => {
  it('is not what a store says before it, such as that it is at work', async () => {
    answers = [
      (_, response) => {
        response.writeProcessing();
        response.end(page);
      },
    ];
    expect((await list(open({ maxAttempts: 1 }))).objects).toHaveLength(1);
    expect(seen).toHaveLength(1);
  });
});

describe('silence', () => {
  it('ends a request in the middle of an answer', async () => {
    answers = [(_, response) => void response.writeHead(200, { 'content-length': '9' }).write('<')];
    const error = await failureOf(list(open({ idleSeconds: 0.2, maxAttempts: 1 })));
    expect(error).toMatchObject({ kind: 'unreachable', code: 'TimeoutError', status: null });
  });

  it('ends with the abort of the signal', async () => {
    const stop = new AbortController();
    answers = [() => stop.abort()];
    expect(await failureOf(list(open(), stop.signal))).toMatchObject({ kind: 'failed', code: 'AbortError' });
  });
});

describe('an error is the same that the SDK makes of the same answer', () => {
  const xml = (inner: string) => `<?xml version="1.0" encoding="UTF-8"?>\n<Error>${inner}</Error>`;
  const cases: [string, number, string, Record<string, string>][] = [
    ['a plain one', 403, xml('<Code>AccessDenied</Code><Message>Access Denied</Message>'), {}],
    ['one without a message', 403, xml('<Code>AccessDenied</Code>'), {}],
    ['one without a code', 400, xml('<Message>what</Message>'), {}],
    ['one with escapes', 400, xml('<Code>Odd</Code><Message>a &lt;b&gt; &quot;c&quot; &#233;</Message>'), {}],
    ['an empty one', 500, '', {}],
    ['an empty refusal', 403, '', {}],
    ['a region in the body', 400, xml('<Code>AuthorizationHeaderMalformed</Code><Region>r-1</Region>'), {}],
    ['a region in a header', 301, xml('<Code>PermanentRedirect</Code>'), { 'x-amz-bucket-region': 'r-2' }],
    ['a temporary redirect', 307, xml('<Code>TemporaryRedirect</Code>'), { location: 'http://elsewhere/' }],
    ['NoSuchKey', 404, xml('<Code>NoSuchKey</Code><Message>none</Message>'), {}],
    ['NoSuchBucket', 404, xml('<Code>NoSuchBucket</Code><Message>none</Message>'), {}],
    ['a new throttle', 429, xml('<Code>New</Code><Message>slow</Message>'), {}],
  ];
  it.each(cases)('%s', async (_, status, body, headers) => {
    answers = [says(status, body, headers)];
    const [own, theirs] = await Promise.all(
      [false, true].map((sdkOnly) => failureOf(list(open({ maxAttempts: 1, sdkOnly })))),
    );
    const { kind, code, message, region } = theirs ?? {};
    expect({ ...own, message: own?.message }).toMatchObject({ kind, code, status, region, message });
  });

  it('is a StoreError of the same kind for a page of HTML', async () => {
    for (const status of [500, 503, 403, 404]) {
      answers = [says(status, '<html><body>gone</body></html>')];
      const own = await failureOf(list(open({ maxAttempts: 1 })));
      const theirs = await failureOf(list(open({ maxAttempts: 1, sdkOnly: true })));
      expect(own.kind, `${status}`).toBe(theirs.kind);
    }
  });
});

describe('a request carries', () => {
  it('the session token, where there is one, as part of what is signed', async () => {
    answers = [says(200, page)];
    await list(open({}, { credentials: { accessKeyId: 'a', secretAccessKey: 'b', sessionToken: 'token' } }));
    expect(seen[0]?.headers).toMatchObject({ 'x-amz-security-token': 'token' });
    expect(seen[0]?.headers.authorization).toMatch(/SignedHeaders=\S*x-amz-security-token/);
  });

  it('no query but its own', async () => {
    answers = [says(200, page)];
    await list(open());
    expect(seen[0]?.url).toBe('/held?encoding-type=url&list-type=2&max-keys=1000');
  });

  it('leave to give gzip as it is stored, where the store is Google’s, and does not sign it', async () => {
    for (const [provider, leave] of [
      ['GCS', 'gzip'],
      ['Other', undefined],
    ] as const) {
      answers = [says(404, '')];
      expect(await open({}, { provider }).get('k')).toBeNull();
      expect(seen.at(-1)?.headers['accept-encoding']).toBe(leave);
      expect(seen.at(-1)?.headers.authorization).not.toContain('accept-encoding');
    }
  });

  it('the credentials that the chain has at that time', async () => {
    answers = [says(200, page)];
    const address = await addressOf(s3ClientOf().client, 'held');
    if (address === null) throw new Error('no address');
    let times = 0;
    const credentials = async () => ({ accessKeyId: `key-${times++}`, secretAccessKey: 's' });
    const skew = { get: () => 0, set() {} };
    const requests = new S3Requests({
      address,
      credentials,
      maxAttempts: 1,
      maxSockets: 1,
      connectMs: 1000,
      idleMs: 1000,
      count() {},
      skew,
    });
    closing.push(() => requests.close());
    for (const key of ['key-0', 'key-1']) {
      await requests.collect({ operation: 'GetObject', method: 'GET', key: 'k' });
      expect(seen.at(-1)?.headers.authorization).toContain(`Credential=${key}/`);
    }
  });
});

describe('a bucket is reached', () => {
  it.each([
    ['plain', null, { host: 'plain.s3.eu-central-1.amazonaws.com', path: '', secure: true }],
    ['with.dots', null, { host: 's3.eu-central-1.amazonaws.com', path: '/with.dots', secure: true }],
    ['plain', 'https://cos.example:8443', { host: 'cos.example:8443', path: '/plain', secure: true }],
    ['plain', 'http://[::1]:9000', { host: '[::1]:9000', path: '/plain', secure: false }],
  ])('%s at %s', async (bucket, at, address) => {
    const { client } = s3ClientOf({ bucket, endpoint: at });
    expect(await addressOf(client, bucket)).toMatchObject({ ...address, signingRegion: region });
  });

  it('at an IPv6 address', async ({ skip }) => {
    const there = createServer((_, response) => void response.end(page));
    const bound = await new Promise<boolean>((resolve) => {
      there.once('error', () => resolve(false)).listen(0, '::1', () => resolve(true));
    });
    if (!bound) return skip('this machine has no IPv6');
    closing.push(() => there.close());
    const endpoint = `http://[::1]:${(there.address() as AddressInfo).port}`;
    expect((await list(open({}, { endpoint }))).objects).toHaveLength(1);
  });

  it('only by the SDK when it is a directory bucket', async () => {
    const bucket = 'quick--euc1-az1--x-s3';
    expect(await addressOf(s3ClientOf({ bucket, endpoint: null }).client, bucket)).toBeNull();
  });
});
