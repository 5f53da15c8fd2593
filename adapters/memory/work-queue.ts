import type { Clock, MessageToSend, QueueCounts, ReceivedMessage, WorkQueue } from '../../core/ports.ts';
import { addRequests, type RequestsMade } from '../../core/requests-made.ts';
import { longestInFlightSeconds } from '../../core/transfer/lease-length.ts';

type Message = {
  body: string;
  /** When it can be received (again). */
  visibleAtMs: number;
  receiveCount: number;
  /** The receipt of the latest receive; null before the first one and after a release. */
  receipt: string | null;
  receivedAtMs: number;
  group: string | null;
};

const mostBytes = 1024 * 1024;

/** What SQS does not take in a message. [src: Amazon SQS API reference, SendMessage] */
const refused = /[^\u0009\u000a\u000d\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;

/** The work queue in memory, exact where SQS approximates. */
export class MemoryWorkQueue implements WorkQueue {
  readonly takesGroups = true;
  readonly #clock: Clock;
  #messages: Message[] = [];
  #arrival = new AbortController();
  #receipts = 0;
  readonly #made: RequestsMade = {};

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async send(messages: readonly MessageToSend[]): Promise<void> {
    for (const { body } of messages) {
      if (refused.test(body))
        throw new Error('InvalidMessageContents: the body holds a character SQS refuses');
      if (Buffer.byteLength(body) > mostBytes) throw new Error('BatchRequestTooLong: the body exceeds 1 MiB');
    }
    this.#count('SendMessageBatch', Math.ceil(messages.length / 10));
    for (const { body, delaySeconds = 0, group = null } of messages) {
      const visibleAtMs = this.#clock.nowMs() + delaySeconds * 1000;
      this.#messages.push({ body, visibleAtMs, receiveCount: 0, receipt: null, receivedAtMs: 0, group });
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
      const taken = this.#free(nowMs).slice(0, Math.min(max, 10));
      if (taken.length > 0 || nowMs >= deadlineMs)
        return taken.map((message) => this.#lease(message, leaseSeconds));
      const changes = this.#messages.map(({ visibleAtMs }) => visibleAtMs).filter((atMs) => atMs > nowMs);
      const nextMs = Math.min(deadlineMs, ...changes);
      const wakes = AbortSignal.any([this.#arrival.signal, ...(signal === undefined ? [] : [signal])]);
      await this.#clock.sleep(nextMs - nowMs, wakes);
    }
  }

  async extend(receipt: string, leaseSeconds: number): Promise<boolean> {
    this.#count('ChangeMessageVisibility', 1);
    const message = this.#leased(receipt);
    if (message === undefined) return false;
    const visibleAtMs = this.#clock.nowMs() + leaseSeconds * 1000;
    if (visibleAtMs > message.receivedAtMs + longestInFlightSeconds * 1000)
      throw new Error('InvalidParameterValue: the message would be in flight for more than 12 hours');
    message.visibleAtMs = visibleAtMs;
    return true;
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
    // The next message of its group may be taken now.
    this.#wakeReceivers();
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

  /** What may be received now: of each group the first message, unless another of it is leased. */
  #free(nowMs: number): Message[] {
    const taken = new Set<string>();
    for (const { group, receipt, visibleAtMs } of this.#messages)
      if (group !== null && receipt !== null && visibleAtMs > nowMs) taken.add(group);
    return this.#messages.filter(({ group, visibleAtMs }) => {
      if (visibleAtMs > nowMs || (group !== null && taken.has(group))) return false;
      if (group !== null) taken.add(group);
      return true;
    });
  }

  #lease(message: Message, leaseSeconds: number): ReceivedMessage {
    const receipt = `receipt-${++this.#receipts}`;
    message.receipt = receipt;
    message.receiveCount += 1;
    message.receivedAtMs = this.#clock.nowMs();
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
