import { hash } from 'node:crypto';
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { z } from 'zod';
import { wireHeaders } from './header-text.ts';
import { openExchange } from './http-exchange.ts';
import { addressOfQueue, type QueueAddress } from './queue-address.ts';
import { type SignRequest, signerOf } from './sign-request.ts';

type Options = {
  queueUrl: string;
  maxSockets: number;
  connectMs: number;
  idleMs: number;
  /** Called for each request that leaves. */
  count(operation: string): void;
};

/**
 * Requests to a queue over undici, signed by us, for what is asked thousands of times: through the SDK they cost a listing more than
 * everything else that it does. What is not a plain success is left to the SDK, which knows what it means and repeats it.
 */
export class QueueRequests {
  readonly #client: SQSClient;
  readonly #options: Options;
  readonly #address: QueueAddress;
  readonly #exchange: ReturnType<typeof openExchange>;
  readonly #signer: () => Promise<SignRequest>;

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
    this.#signer = signerOf(client.config.credentials, { region: address.signingRegion, service: 'sqs' });
  }

  /**
   * What SQS answers, if it is of the schema; null where it says anything else, or nothing, and when the signal aborts. It
   * may have done then what it was asked for: who asks again asks twice, as with every repetition.
   */
  call<Answer extends z.ZodType>(
    operation: string,
    input: object,
    answer: Answer,
    signal?: AbortSignal,
  ): Promise<z.output<Answer> | null> {
    return this.#send(operation, input, signal)
      .then((said) => (said === null ? null : answer.parse(JSON.parse(said))))
      .catch(() => null);
  }

  close(): void {
    this.#exchange.close();
  }

  async #send(operation: string, input: object, signal: AbortSignal | undefined): Promise<string | null> {
    const { queueUrl, count } = this.#options;
    const { host, path } = this.#address;
    const body = Buffer.from(JSON.stringify({ QueueUrl: queueUrl, ...input }));
    const headers: Record<string, string> = {
      host,
      'content-type': 'application/x-amz-json-1.0',
      'content-length': `${body.length}`,
      'user-agent': 'drover',
      'x-amz-target': `AmazonSQS.${operation}`,
    };
    const sign = await this.#signer();
    const nowMs = Date.now() + this.#client.config.systemClockOffset;
    sign({ method: 'POST', path, query: '', headers, payloadHash: hash('sha256', body) }, nowMs);
    count(operation);
    const sent = { method: 'POST', target: path, headers: wireHeaders(headers), body, signal } as const;
    const answer = await this.#exchange.send(sent);
    const said = await answer.body.bytes();
    return answer.status === 200 ? said.toString() : null;
  }
}
