import type { MessageToSend, QueueCounts, ReceivedMessage, WorkQueue } from '../../core/ports.ts';
import { addRequests, type RequestsMade } from '../../core/requests-made.ts';

/** Messages without a group and those with one live in queues of different kinds. */
type Kind = 'plain' | 'fifo';

/**
 * A standard queue and a FIFO queue as one: messages with a group go to the FIFO queue. A receiver waits at the queue
 * that gave it something last and looks at the other one only when that is empty, so that a migration, which uses one of
 * them, costs no more requests than with a single queue. Throws what the queues throw.
 */
export class QueuePair implements WorkQueue {
  readonly takesGroups = true;
  readonly #queues: Readonly<Record<Kind, WorkQueue>>;
  #preferred: Kind = 'plain';

  constructor(queues: Readonly<Record<Kind, WorkQueue>>) {
    this.#queues = queues;
  }

  async send(messages: readonly MessageToSend[]): Promise<void> {
    const { plain, fifo } = this.#queues;
    await plain.send(messages.filter(({ group }) => group === undefined));
    await fifo.send(messages.filter(({ group }) => group !== undefined));
  }

  async receive(options: Parameters<WorkQueue['receive']>[0]): Promise<ReceivedMessage[]> {
    const first = this.#preferred;
    const found = await this.#receiveFrom(first, options);
    if (found.length > 0 || options.signal?.aborted === true) return found;
    const other = first === 'plain' ? 'fifo' : 'plain';
    const there = await this.#receiveFrom(other, { ...options, waitSeconds: 0 });
    if (there.length > 0) this.#preferred = other;
    return there;
  }

  async extend(receipt: string, leaseSeconds: number): Promise<boolean> {
    const [kind, own] = ownReceipt(receipt);
    return this.#queues[kind].extend(own, leaseSeconds);
  }

  async release(receipts: readonly string[]): Promise<void> {
    await this.#each(receipts, (queue, own) => queue.release(own));
  }

  async delete(receipts: readonly string[]): Promise<void> {
    await this.#each(receipts, (queue, own) => queue.delete(own));
  }

  async counts(): Promise<QueueCounts> {
    const [a, b] = await Promise.all([this.#queues.plain.counts(), this.#queues.fifo.counts()]);
    return {
      visible: a.visible + b.visible,
      inFlight: a.inFlight + b.inFlight,
      delayed: a.delayed + b.delayed,
    };
  }

  requestsMade(): RequestsMade {
    return addRequests(this.#queues.plain.requestsMade(), this.#queues.fifo.requestsMade());
  }

  close(): void {
    this.#queues.plain.close();
    this.#queues.fifo.close();
  }

  async #receiveFrom(kind: Kind, options: Parameters<WorkQueue['receive']>[0]): Promise<ReceivedMessage[]> {
    const messages = await this.#queues[kind].receive(options);
    return messages.map((message) => ({ ...message, receipt: `${kind}:${message.receipt}` }));
  }

  async #each(
    receipts: readonly string[],
    act: (queue: WorkQueue, own: string[]) => Promise<void>,
  ): Promise<void> {
    const byKind = Map.groupBy(receipts.map(ownReceipt), ([kind]) => kind);
    for (const [kind, pairs] of byKind)
      await act(
        this.#queues[kind],
        pairs.map(([, own]) => own),
      );
  }
}

function ownReceipt(receipt: string): [Kind, string] {
  return receipt.startsWith('fifo:') ? ['fifo', receipt.slice(5)] : ['plain', receipt.replace(/^plain:/, '')];
}
