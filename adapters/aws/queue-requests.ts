import { hash } from 'node:crypto';
import type { SQSClient } from '@aws-sdk/client-sqs';
import { z } from 'zod';
import { openExchange } from './http-exchange.ts';
import { addressOfQueue, type QueueAddress } from './queue-address.ts';
import { requestSigner } from './sign-request.ts';

const Answer = z.object({
  Successful: z.array(z.object({ Id: z.string(), MD5OfMessageBody: z.string() })).default([]),
  Failed: z
    .array(
      z.object({
        Id: z.string(),
        SenderFault: z.boolean(),
        Code: z.string(),
        Message: z.string().optional(),
      }),
    )
    .default([]),
});
export type SendAnswer = z.infer<typeof Answer>;

/** One message of a call, in SQS's words. */
export type SendEntry = { Id: string; MessageBody: string; DelaySeconds?: number; MessageGroupId?: string };

type Options = {
  queueUrl: string;
  maxSockets: number;
  connectMs: number;
  idleMs: number;
  /** Called for each request that leaves. */
  count(operation: string): void;
};

/**
 * Sends messages over undici, signed by us: a listing sends thousands of calls, which cost it more through the SDK than
 * everything else that it does. What is not a plain success is left to the SDK, which knows what it means and repeats it.
 */
export class QueueRequests {
  readonly #client: SQSClient;
  readonly #options: Options;
  readonly #address: QueueAddress;
  readonly #exchange: ReturnType<typeof openExchange>;
  #signer: { of: object; sign: ReturnType<typeof requestSigner> } | null = null;

  /** null: it cannot be told how the SDK reaches the queue, which is to be asked itself then. */
  static async open(client: SQSClient, options: Options): Promise<QueueRequests | null> {
    const address = await addressOfQueue(client, options.queueUrl);
    return address === null ? null : new QueueRequests(client, address, options);
  }

  private constructor(client: SQSClient, address: QueueAddress, options: Options) {
    this.#client = client;
    this.#options = options;
    this.#address = address;
    this.#exchange = openExchange(address, options);
  }

  /**
   * What SQS says of each entry; null where it says anything else, or nothing. Entries may have been taken then: who sends
   * them again sends them twice, as with every repetition. Throws when SQS confirms other bodies than it was sent.
   */
  async send(entries: readonly SendEntry[]): Promise<SendAnswer | null> {
    const answer = await this.#call(entries).catch(() => null);
    if (answer === null) return null;
    const bodies = new Map(entries.map(({ Id, MessageBody }) => [Id, MessageBody]));
    const wrong = answer.Successful.filter(
      ({ Id, MD5OfMessageBody }) => hash('md5', bodies.get(Id) ?? '') !== MD5OfMessageBody,
    );
    if (wrong.length === 0) return answer;
    throw new Error(
      `it confirms other bytes than were sent, by their MD5, for ${wrong.length} of ${entries.length} messages. Is something on the way that changes them?`,
    );
  }

  close(): void {
    this.#exchange.close();
  }

  async #call(entries: readonly SendEntry[]): Promise<SendAnswer | null> {
    const { queueUrl, count } = this.#options;
    const { host, path } = this.#address;
    const body = Buffer.from(JSON.stringify({ QueueUrl: queueUrl, Entries: entries }));
    const headers: Record<string, string> = {
      host,
      'content-type': 'application/x-amz-json-1.0',
      'content-length': `${body.length}`,
      'user-agent': 'drover',
      'x-amz-target': 'AmazonSQS.SendMessageBatch',
    };
    const sign = await this.#signerNow();
    const nowMs = Date.now() + this.#client.config.systemClockOffset;
    sign({ method: 'POST', path, query: '', headers, payloadHash: hash('sha256', body) }, nowMs);
    count('SendMessageBatch');
    const sent = Object.entries(headers).flat();
    const answer = await this.#exchange.send({
      method: 'POST',
      target: path,
      headers: sent,
      body,
      signal: undefined,
    });
    const said = await answer.body.bytes();
    return answer.status === 200 ? Answer.parse(JSON.parse(said.toString())) : null;
  }

  async #signerNow(): Promise<ReturnType<typeof requestSigner>> {
    const now = await this.#client.config.credentials();
    const { signingRegion: region } = this.#address;
    if (this.#signer?.of !== now)
      this.#signer = { of: now, sign: requestSigner(now, { region, service: 'sqs' }) };
    return this.#signer.sign;
  }
}
