import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SqsWorkQueue } from '../../adapters/aws/sqs-work-queue.ts';
import { systemClock } from '../../adapters/system-clock.ts';
import { type QueueServer, startQueueServer } from '../../local/queue-server.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drover-queue-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

function queueOf({ connection }: Pick<QueueServer, 'connection'>): SqsWorkQueue {
  return new SqsWorkQueue(connection, systemClock);
}

describe('the local queue', () => {
  it('gives back after a restart what waited, what was in hand and what was delayed', async () => {
    const first = await startQueueServer(folder);
    const before = queueOf(first);
    await before.send([{ body: 'one' }, { body: 'two' }, { body: 'late', delaySeconds: 900 }]);
    await before.receive({ max: 1, waitSeconds: 1, leaseSeconds: 2 });
    before.close();
    await first.stop();

    const second = await startQueueServer(folder);
    const after = queueOf(second);
    expect(await after.counts()).toEqual({ visible: 1, inFlight: 1, delayed: 1 });
    const bodies = new Set<string>();
    while (bodies.size < 2) {
      for (const { body } of await after.receive({ max: 10, waitSeconds: 1, leaseSeconds: 60 }))
        bodies.add(body);
    }
    expect([...bodies].sort()).toEqual(['one', 'two']);
    after.close();
    await second.stop();
  });

  it('sets a message aside that was delivered too often, and keeps it', { timeout: 60_000 }, async () => {
    const server = await startQueueServer(folder, { maxReceiveCount: 3 });
    const queue = queueOf(server);
    await queue.send([{ body: 'poison' }]);
    for (let delivery = 0; delivery < 3; delivery++) {
      const messages = await queue.receive({ max: 1, waitSeconds: 2, leaseSeconds: 60 });
      expect(messages, `delivery ${delivery + 1}`).toHaveLength(1);
      await queue.release(messages.map(({ receipt }) => receipt));
    }
    expect(await queue.receive({ max: 1, waitSeconds: 2, leaseSeconds: 60 })).toEqual([]);
    const dead = queueOf({
      connection: { ...server.connection, queueUrl: `${server.connection.queueUrl}-dead` },
    });
    expect(
      (await dead.receive({ max: 1, waitSeconds: 0, leaseSeconds: 60 })).map(({ body }) => body),
    ).toEqual(['poison']);
    queue.close();
    dead.close();
    await server.stop();
  });
});
