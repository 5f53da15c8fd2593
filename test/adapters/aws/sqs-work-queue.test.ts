import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FauxqsServer, startFauxqs } from 'fauxqs';
import { afterEach, describe, expect, it } from 'vitest';
import { openWorkQueue } from '../../../adapters/aws/open-work-queue.ts';
import { QueueError } from '../../../adapters/aws/queue-error.ts';
import { SqsWorkQueue } from '../../../adapters/aws/sqs-work-queue.ts';
import { ManualClock } from '../../../adapters/memory/clock.ts';
import { systemClock } from '../../../adapters/system-clock.ts';
import { asciiJson } from '../../../core/batching/batch.ts';
import { hardKeys } from '../../conformance/hard-keys.ts';
import { workQueueConformance } from '../../conformance/work-queue.ts';

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
const region = 'us-east-1';

const atEnd: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const end of atEnd.splice(0).reverse()) await end();
});

async function startQueueServer(dataDir?: string): Promise<FauxqsServer> {
  return startFauxqs({
    port: 0,
    host: '127.0.0.1',
    logger: false,
    ...(dataDir === undefined ? {} : { dataDir }),
  });
}

const knowsNoLongestLease = 'fauxqs lets a message be extended for ever';

workQueueConformance('SQS', async () => {
  const server = await startQueueServer();
  const { queueUrl } = server.createQueue('work');
  const endpoint = `http://127.0.0.1:${server.port}`;
  const queue = new SqsWorkQueue({ queueUrl, region, endpoint, credentials }, systemClock);
  return {
    queue,
    passSeconds: (seconds) => systemClock.sleep(seconds * 1000),
    knowsNoLongestLease,
    close: async () => {
      queue.close();
      await server.stop();
    },
  };
});

workQueueConformance('SQS with a FIFO queue beside it', async () => {
  const server = await startQueueServer();
  const { queueUrl } = server.createQueue('work');
  const { queueUrl: fifoQueueUrl } = server.createQueue('work.fifo', { attributes: { FifoQueue: 'true' } });
  const endpoint = `http://127.0.0.1:${server.port}`;
  const queue = openWorkQueue({ queueUrl, fifoQueueUrl, region, endpoint, credentials }, systemClock);
  return {
    queue,
    passSeconds: (seconds) => systemClock.sleep(seconds * 1000),
    knowsNoLongestLease,
    close: async () => {
      queue.close();
      await server.stop();
    },
  };
});

/** What the proxy makes of one call: the entries that fail, by their place in the call. */
type Plan = { failing: number[]; senderFault: boolean; code: string };
type Entry = { Id: string; MessageBody?: string };

/** Passes calls on to the queue server, except the entries that the next plan fails with HTTP 200. */
async function openThroughProxy(plans: Plan[], clock: ManualClock) {
  const server = await startQueueServer();
  const { queueUrl } = server.createQueue('work');
  const calls: string[][] = [];
  const proxy = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const call = JSON.parse(Buffer.concat(chunks).toString()) as { QueueUrl: string; Entries?: Entry[] };
    const entries = call.Entries;
    const plan = entries === undefined ? undefined : plans.shift();
    if (entries !== undefined) calls.push(entries.map(({ Id, MessageBody }) => MessageBody ?? Id));
    const failed = (entries ?? []).filter((_, index) => plan?.failing.includes(index));
    const passed = entries?.filter((entry) => !failed.includes(entry));
    const answer =
      passed?.length === 0
        ? { Successful: [] }
        : await fetch(`http://127.0.0.1:${server.port}/`, {
            method: 'POST',
            headers: {
              'content-type': request.headers['content-type'] ?? '',
              'x-amz-target': String(request.headers['x-amz-target']),
            },
            body: JSON.stringify({ ...call, ...(passed === undefined ? {} : { Entries: passed }) }),
          }).then((found) => found.json() as Promise<object>);
    const Failed = failed.map(({ Id }) => ({
      Id,
      SenderFault: plan?.senderFault ?? false,
      Code: plan?.code ?? '',
      Message: 'injected',
    }));
    response.setHeader('content-type', 'application/x-amz-json-1.0');
    response.end(JSON.stringify(plan === undefined ? answer : { ...answer, Failed }));
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const address = proxy.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const endpoint = `http://127.0.0.1:${port}`;
  const queue = new SqsWorkQueue({ queueUrl, region, endpoint, credentials }, clock);
  atEnd.push(
    () => server.stop(),
    () => new Promise((resolve) => proxy.close(resolve)),
    () => queue.close(),
  );
  return { queue, calls, server, queueUrl };
}

const busy = (...failing: number[]): Plan => ({ failing, senderFault: false, code: 'InternalError' });
const bodies = (count: number) => Array.from({ length: count }, (_, index) => ({ body: `m${index}` }));

describe('SQS answering HTTP 200 with failed entries', () => {
  it('sends the failed entries again, and only those, with growing pauses', async () => {
    const clock = new ManualClock(0, { selfMoving: true });
    const { queue, calls } = await openThroughProxy([busy(1, 3), busy(0), busy()], clock);
    await queue.send(bodies(4));
    expect(calls).toEqual([['m0', 'm1', 'm2', 'm3'], ['m1', 'm3'], ['m1']]);
    expect(clock.nowMs()).toBe(200 + 400);
    expect((await queue.counts()).visible).toBe(4);
  });

  it('does not try again what SQS calls the sender’s fault, and says which queue and code', async () => {
    const clock = new ManualClock(0, { selfMoving: true });
    const plan = { failing: [2], senderFault: true, code: 'InvalidMessageContents' };
    const { queue, calls, queueUrl } = await openThroughProxy([plan], clock);
    const error = await queue.send(bodies(3)).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(QueueError);
    expect(error).toMatchObject({ code: 'InvalidMessageContents' });
    expect(String(error)).toContain(queueUrl);
    expect(calls).toHaveLength(1);
  });

  it('gives up after half a minute of failing and names queue and code', async () => {
    const clock = new ManualClock(0, { selfMoving: true });
    const { queue, calls, queueUrl } = await openThroughProxy(Array(20).fill(busy(0)), clock);
    await expect(queue.send(bodies(1))).rejects.toThrow(`${queueUrl} could not take messages: InternalError`);
    expect(calls).toHaveLength(8);
    expect(clock.nowMs()).toBe(200 + 400 + 800 + 1600 + 3200 + 6400 + 10_000);
  });

  it('deletes and releases the entries that failed again', async () => {
    const clock = new ManualClock(0, { selfMoving: true });
    const { queue, calls } = await openThroughProxy([busy(), busy(0), busy(), busy(1), busy()], clock);
    await queue.send(bodies(2));
    const first = await queue.receive({ max: 10, waitSeconds: 0, leaseSeconds: 60 });
    await queue.release(first.map(({ receipt }) => receipt));
    expect((await queue.counts()).visible).toBe(2);
    const second = await queue.receive({ max: 10, waitSeconds: 0, leaseSeconds: 60 });
    await queue.delete(second.map(({ receipt }) => receipt));
    expect(await queue.counts()).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
    expect(calls.map((entries) => entries.length)).toEqual([2, 2, 1, 2, 1]);
  });
});

describe('an SQS queue', () => {
  it('carries every hard key in a batch message', async () => {
    const { queue } = await openThroughProxy([], new ManualClock(0, { selfMoving: true }));
    await queue.send([{ body: asciiJson(hardKeys) }]);
    const [message] = await queue.receive({ max: 1, waitSeconds: 0, leaseSeconds: 60 });
    expect(JSON.parse(message?.body ?? '')).toEqual(hardKeys);
  });

  it('keeps waiting, leased and delayed messages across a restart of the local server', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'drover-queue-'));
    atEnd.push(() => rm(dataDir, { recursive: true }));
    const before = await startQueueServer(dataDir);
    const { queueUrl } = before.createQueue('work');
    const open = (port: number) =>
      new SqsWorkQueue({ queueUrl, region, endpoint: `http://127.0.0.1:${port}`, credentials }, systemClock);
    const first = open(before.port);
    await first.send([{ body: 'leased' }]);
    const leased = await first.receive({ max: 10, waitSeconds: 0, leaseSeconds: 60 });
    await first.send([{ body: 'waiting' }, { body: 'delayed', delaySeconds: 60 }]);
    first.close();
    await before.stop();
    const after = await startQueueServer(dataDir);
    const second = open(after.port);
    atEnd.push(
      () => after.stop(),
      () => second.close(),
    );
    expect(await second.counts()).toEqual({ visible: 1, inFlight: 1, delayed: 1 });
    await second.delete(leased.map(({ receipt }) => receipt));
    expect(await second.counts()).toEqual({ visible: 1, inFlight: 0, delayed: 1 });
  });

  it('is named when it does not exist', async () => {
    const server = await startQueueServer();
    const queueUrl = `http://127.0.0.1:${server.port}/000000000000/nothing`;
    const queue = new SqsWorkQueue({ queueUrl, region, credentials }, systemClock);
    atEnd.push(
      () => server.stop(),
      () => queue.close(),
    );
    await expect(queue.counts()).rejects.toThrow(queueUrl);
    await expect(queue.extend('receipt', 60)).rejects.toThrow(QueueError);
    await expect(queue.receive({ max: 1, waitSeconds: 0, leaseSeconds: 1 })).rejects.toThrow(queueUrl);
  });
});
