import { hash } from 'node:crypto';
import {
  type BatchResultErrorEntry,
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { z } from 'zod';
import type { QueueRequests } from './queue-requests.ts';
import { queueConnections } from './sqs-client.ts';

const Failed = z
  .array(
    z.object({ Id: z.string(), SenderFault: z.boolean(), Code: z.string(), Message: z.string().optional() }),
  )
  .default([]);
const Settled = z.object({ Successful: z.array(z.object({ Id: z.string() })).default([]), Failed });
const Sent = z.object({
  Successful: z.array(z.object({ Id: z.string(), MD5OfMessageBody: z.string() })).default([]),
  Failed,
});
const Received = z.object({
  Messages: z
    .array(
      z.object({
        Body: z.string(),
        MD5OfBody: z.string(),
        ReceiptHandle: z.string(),
        Attributes: z.object({ ApproximateReceiveCount: z.string().optional() }).optional(),
      }),
    )
    .default([]),
});

/** Where so many requests of our own in a row were in vain, the SDK is asked alone: each would be paid for twice. */
const mostMisses = 20;

/** What becomes of the entries of a call. */
export type EntriesAnswer = {
  Successful?: { Id?: string | undefined }[] | undefined;
  Failed?: BatchResultErrorEntry[] | undefined;
};

/** One message of a call, in SQS's words. */
export type SendEntry = { Id: string; MessageBody: string; DelaySeconds?: number; MessageGroupId?: string };

/** What is read of received messages, whoever asked for them. */
type MessagesAnswer = {
  Messages?:
    | {
        Body?: string | undefined;
        ReceiptHandle?: string | undefined;
        Attributes?: Partial<Record<'ApproximateReceiveCount', string | undefined>> | undefined;
      }[]
    | undefined;
};

/**
 * What is asked of a queue again and again, by our own requests where they come to a plain success, else by the SDK, whose errors
 * are thrown. Bodies are held to the MD5 that SQS gives of them either way.
 */
export class QueueCalls {
  readonly #client: SQSClient;
  readonly #queueUrl: string;
  readonly #count: (operation: string) => void;
  #requests: Promise<QueueRequests | null> | null = null;
  #opened: QueueRequests | null = null;
  /** How often in a row the SDK came to an answer where our own request did not. */
  #misses = 0;

  /** `count` is called for each request of our own. */
  constructor(client: SQSClient, queueUrl: string, count: (operation: string) => void) {
    this.#client = client;
    this.#queueUrl = queueUrl;
    this.#count = count;
  }

  /** SendMessageBatch. Throws when SQS confirms other bodies than it was sent. */
  send(Entries: SendEntry[]): Promise<EntriesAnswer> {
    return this.#ask<EntriesAnswer>(
      async (requests) => {
        const answer = await requests.call('SendMessageBatch', { Entries }, Sent);
        if (answer === null) return null;
        const bodies = new Map(Entries.map(({ Id, MessageBody }) => [Id, MessageBody]));
        requireSame(
          answer.Successful.map(({ Id, MD5OfMessageBody }) => [bodies.get(Id) ?? '', MD5OfMessageBody]),
          'it confirms other bytes than were sent',
        );
        return answer;
      },
      (QueueUrl) => this.#client.send(new SendMessageBatchCommand({ QueueUrl, Entries })),
    );
  }

  /** ReceiveMessage. Rejects when the signal aborts, and when a body is not what SQS holds. */
  receive(
    input: { MaxNumberOfMessages: number; WaitTimeSeconds: number; VisibilityTimeout: number },
    signal: AbortSignal | undefined,
  ): Promise<MessagesAnswer> {
    const asked = { ...input, MessageSystemAttributeNames: ['ApproximateReceiveCount' as const] };
    return this.#ask<MessagesAnswer>(
      async (requests) => {
        const answer = await requests.call('ReceiveMessage', asked, Received, signal);
        if (answer === null) return null;
        requireSame(
          answer.Messages.map(({ Body, MD5OfBody }) => [Body, MD5OfBody]),
          'it gives other bytes than it holds',
        );
        return answer;
      },
      (QueueUrl) => {
        const command = new ReceiveMessageCommand({ QueueUrl, ...asked });
        return this.#client.send(command, signal === undefined ? {} : { abortSignal: signal });
      },
    );
  }

  /** DeleteMessageBatch. */
  delete(Entries: { Id: string; ReceiptHandle: string }[]): Promise<EntriesAnswer> {
    return this.#ask<EntriesAnswer>(
      (requests) => requests.call('DeleteMessageBatch', { Entries }, Settled),
      (QueueUrl) => this.#client.send(new DeleteMessageBatchCommand({ QueueUrl, Entries })),
    );
  }

  /** ChangeMessageVisibilityBatch. */
  release(
    Entries: { Id: string; ReceiptHandle: string; VisibilityTimeout: number }[],
  ): Promise<EntriesAnswer> {
    return this.#ask<EntriesAnswer>(
      (requests) => requests.call('ChangeMessageVisibilityBatch', { Entries }, Settled),
      (QueueUrl) => this.#client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries })),
    );
  }

  /** Closes the connections of our own; the client's are its owner's. */
  close(): void {
    this.#opened?.close();
  }

  async #ask<Answer>(
    ask: (requests: QueueRequests) => Promise<Answer | null>,
    bySdk: (queueUrl: string) => Promise<Answer>,
  ): Promise<Answer> {
    const requests = this.#misses < mostMisses ? await this.#quick() : null;
    const answer = requests === null ? null : await ask(requests);
    if (answer !== null) {
      this.#misses = 0;
      return answer;
    }
    const told = await bySdk(this.#queueUrl);
    if (requests !== null) this.#misses += 1;
    return told;
  }

  async #quick(): Promise<QueueRequests | null> {
    try {
      this.#requests ??= this.#open();
      return await this.#requests;
    } catch {
      // What keeps them from being opened, such as missing credentials, the SDK tells.
      this.#requests = null;
      return null;
    }
  }

  /** Loaded where it is needed: a function that asks for counts only starts without an HTTP client more. */
  async #open(): Promise<QueueRequests | null> {
    const { QueueRequests } = await import('./queue-requests.ts');
    const parts = { ...queueConnections, queueUrl: this.#queueUrl, count: this.#count };
    this.#opened = await QueueRequests.open(this.#client, parts);
    return this.#opened;
  }
}

function requireSame(bodies: readonly (readonly [string, string])[], otherwise: string): void {
  const wrong = bodies.filter(([body, md5]) => hash('md5', body) !== md5);
  if (wrong.length === 0) return;
  throw new Error(
    `${otherwise}, by their MD5, for ${wrong.length} of ${bodies.length} messages. Is something on the way that changes them?`,
  );
}
