import type { Clock, QueueCounts, ReceivedMessage, WorkQueue } from '../../core/ports.ts';
import { addRequests, type RequestsMade } from '../../core/requests-made.ts';

type Message = {
  body: string;
  /** When it can be received (again). */
  visibleAtMs: number;
  receiveCount: number;
  /** The receipt of the latest receive; null before the first one and after a release. */
  receipt: string | null;
};

const mostBytes = 1024 * 1024;

/** What SQS does not take in a message. [src: Amazon SQS API reference, SendMessage] */
const refused = /[^\u0009\u000a\u000d\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;

/** The work queue in memory, exact where SQS approximates. */
export class MemoryWorkQueue implements WorkQueue {
  readonly #clock: Clock;
  #messages: Message[] = [];
  #arrival = new AbortController();
  #receipts = 0;
  readonly #made: RequestsMade = {};

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async send(messages: readonly { body: string; delaySeconds?: number }[]): Promise<void> {
    for (const { body } of messages) {
      if (refused.test(body))
        throw new Error('InvalidMessageContents: the body holds a character SQS refuses');
      if (Buffer.byteLength(body) > mostBytes) throw new Error('BatchRequestTooLong: the body exceeds 1 MiB');
    }
    this.#count('SendMessageBatch', Math.ceil(messages.length / 10));
    for (const { body, delaySeconds = 0 } of messages) {
      const visibleAtMs = this.#clock.nowMs() + delaySeconds * 1000;
      this.#messages.push({ body, visibleAtMs, receiveCount: 0, receipt: null });
    }
    this.#wakeReceivers();
  }

  async receive(options: Parameters<WorkQueue['receive']>[0]): Promise<ReceivedMessage[]> {
    const { max, waitSeconds, leaseSeconds, signal } = options;
    this.#count('ReceiveMessage', 1);
    const deadlineMs = this.#clock.nowMs() + waitSeconds * 1000;
    for (;;) {
      if (signal?.aborted === true) return [];
      const nowMs = this.#clock.nowMs();
      const taken = this.#messages
        .filter(({ visibleAtMs }) => visibleAtMs <= nowMs)
        .slice(0, Math.min(max, 10));
      if (taken.length > 0 || nowMs >= deadlineMs)
        return taken.map((message) => this.#lease(message, leaseSeconds));
      const nextMs = Math.min(deadlineMs, ...this.#messages.map(({ visibleAtMs }) => visibleAtMs));
      const wakes = AbortSignal.any([this.#arrival.signal, ...(signal === undefined ? [] : [signal])]);
      await this.#clock.sleep(nextMs - nowMs, wakes);
    }
  }

  async extend(receipt: string, leaseSeconds: number): Promise<boolean> {
    this.#count('ChangeMessageVisibility', 1);
    const message = this.#leased(receipt);
    if (message !== undefined) message.visibleAtMs = this.#clock.nowMs() + leaseSeconds * 1000;
    return message !== undefined;
  }

  async release(receipts: readonly string[]): Promise<void> {
    this.#count('ChangeMessageVisibilityBatch', Math.ceil(receipts.length / 10));
    for (const receipt of receipts) {
      const message = this.#leased(receipt);
      if (message !== undefined) Object.assign(message, { visibleAtMs: this.#clock.nowMs(), receipt: null });
    }
    this.#wakeReceivers();
  }

  async delete(receipts: readonly string[]): Promise<void> {
    this.#count('DeleteMessageBatch', Math.ceil(receipts.length / 10));
    const gone = new Set(receipts.map((receipt) => this.#leased(receipt)));
    this.#messages = this.#messages.filter((message) => !gone.has(message));
  }

  async counts(): Promise<QueueCounts> {
    this.#count('GetQueueAttributes', 1);
    const nowMs = this.#clock.nowMs();
    const hidden = this.#messages.filter(({ visibleAtMs }) => visibleAtMs > nowMs);
    const inFlight = hidden.filter(({ receipt }) => receipt !== null).length;
    return { visible: this.#messages.length - hidden.length, inFlight, delayed: hidden.length - inFlight };
  }

  requestsMade(): RequestsMade {
    return addRequests({}, this.#made);
  }

  close(): void {
    this.#messages = [];
  }

  #lease(message: Message, leaseSeconds: number): ReceivedMessage {
    const receipt = `receipt-${++this.#receipts}`;
    message.receipt = receipt;
    message.receiveCount += 1;
    message.visibleAtMs = this.#clock.nowMs() + leaseSeconds * 1000;
    return { body: message.body, receipt, receiveCount: message.receiveCount };
  }

  /** The message, while the lease of that very receipt runs. */
  #leased(receipt: string): Message | undefined {
    const nowMs = this.#clock.nowMs();
    return this.#messages.find((message) => message.receipt === receipt && message.visibleAtMs > nowMs);
  }

  #wakeReceivers(): void {
    const arrived = this.#arrival;
    this.#arrival = new AbortController();
    arrived.abort();
  }

  #count(operation: string, requests: number): void {
    this.#made[operation] = (this.#made[operation] ?? 0) + requests;
  }
}
