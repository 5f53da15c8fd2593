import { randomUUID } from 'node:crypto';
import {
  type BatchResultErrorEntry,
  ChangeMessageVisibilityCommand,
  GetQueueAttributesCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { Clock, MessageToSend, QueueCounts, ReceivedMessage, WorkQueue } from '../../core/ports.ts';
import type { RequestsMade } from '../../core/requests-made.ts';
import { afterRetries, requestCounter } from './count-requests.ts';
import { QueueCalls } from './queue-calls.ts';
import { isLostLease, QueueError, queueError } from './queue-error.ts';
import { inBatches } from './sqs-batches.ts';
import { type SqsConnection, sqsClient } from './sqs-client.ts';

/**
 * How a queue server on loopback is talked to: it asks nobody for credentials and must not be shown those of the
 * user, and it forgets a message that is given back at once.
 */
export const localQueue = {
  region: 'us-east-1',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  releaseSeconds: 1,
} as const;

/**
 * The work queue on Amazon SQS or whatever speaks its protocol. Throws `QueueError`, which names the queue
 * and SQS's code, and nothing else.
 */
export class SqsWorkQueue implements WorkQueue {
  readonly takesGroups: boolean;
  readonly #client: SQSClient;
  readonly #queueUrl: string;
  readonly #clock: Clock;
  readonly #counter = requestCounter();
  readonly #releaseSeconds: number;
  readonly #calls: QueueCalls;

  constructor(connection: SqsConnection, clock: Clock) {
    // A name that ends so is what makes a queue a FIFO queue. [src: Amazon SQS API reference, CreateQueue]
    this.takesGroups = connection.queueUrl.endsWith('.fifo');
    this.#releaseSeconds = connection.releaseSeconds ?? 0;
    this.#client = sqsClient(connection);
    this.#client.middlewareStack.addRelativeTo(this.#counter.middleware, afterRetries);
    this.#queueUrl = connection.queueUrl;
    this.#calls = new QueueCalls(this.#client, this.#queueUrl, this.#counter.count);
    this.#clock = clock;
  }

  async send(messages: readonly MessageToSend[]): Promise<void> {
    const action = 'take messages';
    // A standard queue takes groups too, as a hint on fairness: that would be no exclusivity at all.
    if (messages.some(({ group }) => (group !== undefined) !== this.takesGroups)) {
      const mend = this.takesGroups ? 'every message needs a group' : 'groups need a FIFO queue';
      throw new QueueError(this.#queueUrl, action, 'WrongQueue', mend);
    }
    const entries = messages.map(({ body, delaySeconds, group }) => ({
      MessageBody: body,
      ...(delaySeconds === undefined ? {} : { DelaySeconds: delaySeconds }),
      // New in each call, so that SQS leaves out what is sent again within the call and never a batch that comes back:
      // one whose content was seen in the last five minutes may have been worked and deleted since.
      ...(group === undefined ? {} : { MessageGroupId: group, MessageDeduplicationId: randomUUID() }),
    }));
    await this.#told(action, () =>
      inBatches(entries, {
        ...this.#batches(action),
        sizeOf: ({ MessageBody }) => Buffer.byteLength(MessageBody),
        call: (call) => this.#calls.send(call),
      }),
    );
  }

  async receive(options: Parameters<WorkQueue['receive']>[0]): Promise<ReceivedMessage[]> {
    const { signal } = options;
    if (signal?.aborted === true) return [];
    const asked = {
      MaxNumberOfMessages: Math.min(options.max, 10),
      WaitTimeSeconds: Math.min(options.waitSeconds, 20),
      VisibilityTimeout: options.leaseSeconds,
    };
    return this.#told('give messages', async () => {
      try {
        const answer = await this.#calls.receive(asked, signal);
        return (answer.Messages ?? []).map(({ Body, ReceiptHandle, Attributes }) => ({
          body: Body ?? '',
          receipt: ReceiptHandle ?? '',
          receiveCount: Number(Attributes?.ApproximateReceiveCount ?? 1),
        }));
      } catch (error) {
        if (signal?.aborted === true) return [];
        throw error;
      }
    });
  }

  async extend(receipt: string, leaseSeconds: number): Promise<boolean> {
    const command = new ChangeMessageVisibilityCommand({
      QueueUrl: this.#queueUrl,
      ReceiptHandle: receipt,
      VisibilityTimeout: leaseSeconds,
    });
    return this.#told('extend a lease', async () => {
      try {
        await this.#client.send(command);
        return true;
      } catch (error) {
        if (error instanceof Error && isLostLease(error.name, error.message)) return false;
        throw error;
      }
    });
  }

  async release(receipts: readonly string[]): Promise<void> {
    const action = 'take messages back';
    await this.#told(action, () =>
      inBatches(
        receipts.map((ReceiptHandle) => ({ ReceiptHandle, VisibilityTimeout: this.#releaseSeconds })),
        {
          ...this.#batches(action),
          call: (call) => this.#calls.release(call),
        },
      ),
    );
  }

  async delete(receipts: readonly string[]): Promise<void> {
    const action = 'delete messages';
    await this.#told(action, () =>
      inBatches(
        receipts.map((ReceiptHandle) => ({ ReceiptHandle })),
        {
          ...this.#batches(action),
          call: (call) => this.#calls.delete(call),
        },
      ),
    );
  }

  async counts(): Promise<QueueCounts> {
    const command = new GetQueueAttributesCommand({
      QueueUrl: this.#queueUrl,
      AttributeNames: [
        'ApproximateNumberOfMessages',
        'ApproximateNumberOfMessagesNotVisible',
        'ApproximateNumberOfMessagesDelayed',
      ],
    });
    const { Attributes } = await this.#told('be counted', () => this.#client.send(command));
    // A count that is missing must not read as an empty queue.
    const count = (
      name:
        | 'ApproximateNumberOfMessages'
        | 'ApproximateNumberOfMessagesNotVisible'
        | 'ApproximateNumberOfMessagesDelayed',
    ): number => {
      const value = Attributes?.[name];
      if (value !== undefined && /^\d+$/.test(value)) return Number(value);
      throw new QueueError(this.#queueUrl, 'be counted', 'MissingAttribute', `the answer lacks ${name}`);
    };
    return {
      visible: count('ApproximateNumberOfMessages'),
      inFlight: count('ApproximateNumberOfMessagesNotVisible'),
      delayed: count('ApproximateNumberOfMessagesDelayed'),
    };
  }

  requestsMade(): RequestsMade {
    return this.#counter.requestsMade();
  }

  close(): void {
    this.#client.destroy();
    this.#calls.close();
  }

  #batches(action: string) {
    return {
      queueUrl: this.#queueUrl,
      action,
      clock: this.#clock,
      sizeOf: () => 0,
      settled: ({ Code, Message }: BatchResultErrorEntry) => isLostLease(Code, Message),
    };
  }

  async #told<T>(action: string, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      throw queueError(this.#queueUrl, action, error);
    }
  }
}
