import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { expect, it } from 'vitest';
import { SqsWorkQueue } from '../../adapters/aws/sqs-work-queue.ts';
import { systemClock } from '../../adapters/system-clock.ts';
import { workQueueConformance } from '../conformance/work-queue.ts';
import { motoQuirks } from './known-quirks.ts';
import { describeOnMoto, motoAccount, startMoto } from './moto-server.ts';

async function openQueue() {
  const server = await startMoto();
  const client = new SQSClient({ endpoint: server.endpoint, ...motoAccount });
  const { QueueUrl = '' } = await client.send(new CreateQueueCommand({ QueueName: 'work' }));
  client.destroy();
  const queue = new SqsWorkQueue({ queueUrl: QueueUrl, ...motoAccount }, systemClock);
  return {
    queue,
    passSeconds: (seconds: number) => systemClock.sleep(seconds * 1000),
    close: async () => {
      queue.close();
      await server.stop();
    },
  };
}

describeOnMoto('the queue on moto', () => {
  motoQuirks({
    'refuses what SQS cannot hold': 'takes code points that SQS refuses',
    'gives a message to another when its lease ends, unless it was extended':
      'lets a lost receipt extend still',
  });

  it('gives a message to another when its lease ends, but not one that was extended', async () => {
    const { queue, passSeconds, close } = await openQueue();
    await queue.send([{ body: 'lost' }, { body: 'extended' }]);
    const taken = await queue.receive({ max: 10, waitSeconds: 0, leaseSeconds: 1 });
    const extended = taken.find(({ body }) => body === 'extended')?.receipt ?? '';
    expect(await queue.extend(extended, 60)).toBe(true);
    await passSeconds(1.1);
    const again = await queue.receive({ max: 10, waitSeconds: 0, leaseSeconds: 60 });
    expect(again).toMatchObject([{ body: 'lost', receiveCount: 2 }]);
    await queue.delete([extended]);
    expect(await queue.extend(extended, 60)).toBe(false);
    await close();
  });
  workQueueConformance('SQS of moto', openQueue);
});
