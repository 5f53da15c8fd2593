import { hash } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { SQSClient } from '@aws-sdk/client-sqs';
import { SignatureV4 } from '@smithy/signature-v4';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { addressOfQueue } from '../../../adapters/aws/queue-address.ts';
import { QueueError } from '../../../adapters/aws/queue-error.ts';
import { SqsWorkQueue } from '../../../adapters/aws/sqs-work-queue.ts';
import { systemClock } from '../../../adapters/system-clock.ts';
import { Sha256 } from '../../support/sha256.ts';

const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret', sessionToken: 'session' };
const region = 'eu-central-1';

type Entry = { Id: string; MessageBody?: string };
type Call = { url: string; method: string; headers: IncomingHttpHeaders; body: string; entries: Entry[] };
/** What is answered to a call: all taken, unless told; `null` breaks the connection, and `silent` never answers. */
type Plan = { status?: number; text?: string; md5?: string; silent?: true } | null;

const atEnd: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const end of atEnd.splice(0).reverse()) await end();
});

async function openQueue(...plans: Plan[]) {
  const calls: Call[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const { Entries: entries = [] } = JSON.parse(body) as { Entries?: Entry[] };
    const { url = '', method = '', headers } = request;
    calls.push({ url, method, headers, body, entries });
    const plan = plans.length === 0 ? {} : plans.shift();
    if (plan == null) return void request.socket.destroy();
    if (plan.silent === true) return;
    const Successful = entries.map(({ Id, MessageBody }) => ({
      Id,
      MessageId: `id-${Id}`,
      MD5OfMessageBody: plan.md5 ?? hash('md5', MessageBody ?? ''),
    }));
    response.statusCode = plan.status ?? 200;
    response.setHeader('content-type', 'application/x-amz-json-1.0');
    response.end(plan.text ?? JSON.stringify({ Successful }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const endpoint = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  const queueUrl = `${endpoint}/000000000000/work`;
  const queue = new SqsWorkQueue({ queueUrl, region, endpoint, credentials }, systemClock);
  atEnd.push(
    () => server.closeAllConnections(),
    () => new Promise((resolve) => server.close(resolve)),
    () => queue.close(),
  );
  return { queue, calls };
}

const refusal = JSON.stringify({ __type: 'com.amazonaws.sqs#InternalError', message: 'not now' });

describe('messages', () => {
  it('go where the SDK sends them, in its words, under the signature that its signer makes', async () => {
    // What is refused is sent by the SDK: the second call of these.
    const { queue, calls } = await openQueue({ status: 500, text: refusal });
    await queue.send([{ body: '{"key":"é \\u{1f600}"}' }, { body: 'other', delaySeconds: 7 }]);
    const [ours, its] = calls;
    if (ours === undefined || its === undefined) throw new Error('there were no two calls');
    for (const same of ['url', 'method'] as const) expect(ours[same]).toBe(its[same]);
    for (const name of ['host', 'content-type', 'x-amz-target', 'content-length', 'x-amz-security-token'])
      expect(ours.headers[name], name).toBe(its.headers[name]);
    expect(JSON.parse(ours.body)).toEqual(JSON.parse(its.body));

    const { authorization, connection: _, ...headers } = ours.headers as Record<string, string>;
    const signer = new SignatureV4({ service: 'sqs', region, credentials, sha256: Sha256 });
    const date = headers['x-amz-date']?.replace(/(....)(..)(..T..)(..)(..Z)/, '$1-$2-$3:$4:$5') ?? '';
    const signed = await signer.sign(
      { method: 'POST', protocol: 'http:', hostname: '127.0.0.1', path: ours.url, headers, body: ours.body },
      { signingDate: new Date(date) },
    );
    expect(authorization).toBe(signed.headers['authorization']);
  });

  it('that are taken cost one request', async () => {
    const { queue, calls } = await openQueue();
    await queue.send([{ body: 'one' }, { body: 'two' }]);
    await queue.send([{ body: 'three' }]);
    expect(calls.map(({ entries }) => entries.length)).toEqual([2, 1]);
    expect(queue.requestsMade()).toEqual({ SendMessageBatch: 2 });
  });

  it.each([
    ['are refused', { status: 500, text: refusal }],
    ['meet an answer that is none of SQS', { text: '<html>Log in first</html>' }],
    ['meet an answer without MD5s', { text: '{"Successful":[{"Id":"0"}]}' }],
    ['lose their connection', null],
  ])('that %s are sent once more by the SDK, and each request is counted', async (_, plan) => {
    const { queue, calls } = await openQueue(plan);
    await queue.send([{ body: 'one' }, { body: 'two' }]);
    expect(calls.map(({ entries }) => entries.map(({ MessageBody }) => MessageBody))).toEqual([
      ['one', 'two'],
      ['one', 'two'],
    ]);
    expect(queue.requestsMade()).toEqual({ SendMessageBatch: 2 });
  });

  it('are sent by the SDK alone once twenty requests in a row were in vain', async () => {
    const plans = Array.from({ length: 20 }, () => [{ text: '<html>' }, {}]).flat();
    const { queue, calls } = await openQueue(...plans);
    for (let n = 0; n < 22; n++) await queue.send([{ body: `${n}` }]);
    expect(calls).toHaveLength(2 * 20 + 2);
    const { queue: other, calls: those } = await openQueue(...plans.slice(0, 38));
    for (let n = 0; n < 22; n++) await other.send([{ body: `${n}` }]);
    expect(those.length, 'one that succeeds ends the row').toBe(2 * 19 + 3);
  });

  it('that SQS confirms by another MD5 are an error, for somebody changes them on the way', async () => {
    const { queue, calls } = await openQueue({ md5: hash('md5', 'other') });
    const error = await queue.send([{ body: 'one' }]).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(QueueError);
    expect(String(error)).toMatch(/could not take messages: .*other bytes than were sent/);
    expect(calls).toHaveLength(1);
  });

  it('are sent by the SDK when there are no credentials, whose words are the error', async () => {
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_PROFILE'])
      vi.stubEnv(name, undefined);
    for (const file of ['AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE']) vi.stubEnv(file, '/nowhere');
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
    atEnd.push(() => vi.unstubAllEnvs());
    const queueUrl = 'https://sqs.eu-central-1.amazonaws.com/000000000000/work';
    const queue = new SqsWorkQueue({ queueUrl, region }, systemClock);
    await expect(queue.send([{ body: 'one' }])).rejects.toThrow(/Could not load credentials/);
    queue.close();
  });
});

const message = (body: string, md5 = hash('md5', body)) => ({
  Body: body,
  MD5OfBody: md5,
  ReceiptHandle: `receipt of ${body}`,
  Attributes: { ApproximateReceiveCount: '3' },
});
const poll = { max: 10, waitSeconds: 20, leaseSeconds: 60 };

describe('receiving', () => {
  it('costs one request, and tells how often a message was received', async () => {
    const { queue, calls } = await openQueue(
      { text: JSON.stringify({ Messages: [message('é')] }) },
      { text: '{}' },
    );
    expect(await queue.receive(poll)).toEqual([{ body: 'é', receipt: 'receipt of é', receiveCount: 3 }]);
    expect(await queue.receive(poll)).toEqual([]);
    expect(calls.map(({ body }) => JSON.parse(body))).toEqual(
      Array(2).fill({
        QueueUrl: expect.any(String),
        MaxNumberOfMessages: 10,
        WaitTimeSeconds: 20,
        VisibilityTimeout: 60,
        MessageSystemAttributeNames: ['ApproximateReceiveCount'],
      }),
    );
    expect(queue.requestsMade()).toEqual({ ReceiveMessage: 2 });
  });

  it('that is aborted gives nothing at once, and nobody asks again', async () => {
    const { queue, calls } = await openQueue({ silent: true });
    const stop = new AbortController();
    const received = queue.receive({ ...poll, signal: stop.signal });
    while (calls.length === 0) await systemClock.sleep(5);
    stop.abort();
    expect(await received).toEqual([]);
    expect(calls).toHaveLength(1);
  });

  it('of a body that is not what SQS holds is an error', async () => {
    const text = JSON.stringify({ Messages: [message('one'), message('two', hash('md5', 'other'))] });
    const { queue } = await openQueue({ text });
    await expect(queue.receive(poll)).rejects.toThrow(/could not give messages: .*for 1 of 2 messages/);
  });

  it('that is refused is asked again by the SDK, as deleting and giving back are', async () => {
    const refused = { status: 503, text: refusal };
    const { queue } = await openQueue(refused, { text: '{}' }, refused, {}, refused, {});
    expect(await queue.receive(poll)).toEqual([]);
    await queue.delete(['a', 'b']);
    await queue.release(['c']);
    expect(queue.requestsMade()).toEqual({
      ReceiveMessage: 2,
      DeleteMessageBatch: 2,
      ChangeMessageVisibilityBatch: 2,
    });
  });
});

describe('the address of a queue', () => {
  it.each([
    ['eu-west-1', 'https://sqs.eu-west-1.amazonaws.com/1/q', 'sqs.eu-west-1.amazonaws.com'],
    ['cn-north-1', 'https://sqs.cn-north-1.amazonaws.com.cn/1/q', 'sqs.cn-north-1.amazonaws.com.cn'],
    ['us-gov-west-1', 'https://sqs.us-gov-west-1.amazonaws.com/1/q', 'sqs.us-gov-west-1.amazonaws.com'],
  ])('is the SDK’s own, in %s', async (where, queueUrl, host) => {
    const client = new SQSClient({ region: where, credentials });
    expect(await addressOfQueue(client, queueUrl)).toEqual({
      secure: true,
      host,
      path: '/',
      signingRegion: where,
    });
    client.destroy();
  });
});
