import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asciiJson } from '../../core/batching/batch.ts';
import type { ReceivedMessage, WorkQueue } from '../../core/ports.ts';

/** A queue to be examined, and how its time passes. */
export type ExaminedWorkQueue = {
  queue: WorkQueue;
  passSeconds(seconds: number): Promise<void>;
  /** Left out: it keeps to SQS's 12 hours in flight. Given: why it does not. */
  knowsNoLongestLease?: string;
  close(): Promise<void>;
};

/** Bodies of which a queue must give back every character. */
const hardBodies = [
  '{}',
  ' leading and trailing ',
  'tab\tnewline\nreturn\r\n',
  '<xml>&amp;"\'</xml>',
  'accents é e\u0301, \ud7ff \ue000 \ufffd',
  asciiJson('astral \u{1f600}, \u0000 and \ufffe'),
  '%41+%2F',
];

/** Runs what every `WorkQueue` must do. `open` is called once; each test leaves the queue empty. */
export function workQueueConformance(name: string, open: () => Promise<ExaminedWorkQueue>): void {
  describe(`${name} as a work queue`, () => {
    let examined: ExaminedWorkQueue;
    let queue: WorkQueue;
    beforeAll(async () => {
      examined = await open();
      queue = examined.queue;
    });
    afterAll(() => examined.close());

    const take = (max = 10, leaseSeconds = 60) => queue.receive({ max, waitSeconds: 0, leaseSeconds });
    const takeAll = async (): Promise<ReceivedMessage[]> => {
      const all: ReceivedMessage[] = [];
      for (let some = await take(); some.length > 0; some = await take()) all.push(...some);
      return all;
    };
    const receipts = (messages: readonly ReceivedMessage[]) => messages.map(({ receipt }) => receipt);
    const empty = async () => queue.delete(receipts(await takeAll()));
    const nothing = { visible: 0, inFlight: 0, delayed: 0 };

    it('gives nothing when it is empty and counts zero', async () => {
      expect(await take()).toEqual([]);
      expect(await queue.counts()).toEqual(nothing);
    });

    it('takes nothing at all without a word', async () => {
      await queue.send([]);
      await queue.delete([]);
      await queue.release([]);
      expect(await queue.counts()).toEqual(nothing);
    });

    it('gives every character back', async () => {
      await queue.send(hardBodies.map((body) => ({ body })));
      const taken = await takeAll();
      expect(taken.map(({ body }) => body).sort()).toEqual([...hardBodies].sort());
      await queue.delete(receipts(taken));
    });

    it('takes 25 messages in one go, gives at most ten, and counts what waits and what is leased', async () => {
      await queue.send(Array.from({ length: 25 }, (_, index) => ({ body: `message ${index}` })));
      expect(await queue.counts()).toEqual({ visible: 25, inFlight: 0, delayed: 0 });
      const first = await take(10);
      expect(first).toHaveLength(10);
      expect(first.every(({ receiveCount }) => receiveCount === 1)).toBe(true);
      expect(await queue.counts()).toEqual({ visible: 15, inFlight: 10, delayed: 0 });
      const rest = await takeAll();
      const bodies = new Set([...first, ...rest].map(({ body }) => body));
      expect(bodies.size).toBe(25);
      await queue.delete(receipts([...first, ...rest]));
      expect(await queue.counts()).toEqual(nothing);
    });

    it('takes messages that together are larger than one call may be', async () => {
      const bodies = Array.from({ length: 5 }, (_, index) => `${index}`.repeat(400 * 1024));
      await queue.send(bodies.map((body) => ({ body })));
      const taken = await takeAll();
      expect(taken.map(({ body }) => body.length)).toEqual(Array(5).fill(400 * 1024));
      await queue.delete(receipts(taken));
    });

    it('refuses what SQS cannot hold', async () => {
      await expect(queue.send([{ body: 'x'.repeat(1024 * 1024 + 1) }])).rejects.toThrow();
      await expect(queue.send([{ body: 'noncharacter \ufffe' }])).rejects.toThrow(/InvalidMessageContents/);
      expect(await queue.counts()).toEqual(nothing);
    });

    it('gives a released message again at once, and counts its receives', async () => {
      await queue.send([{ body: 'released' }]);
      const [first] = await take();
      expect(await take()).toEqual([]);
      await queue.release([first?.receipt ?? '']);
      const [second] = await take();
      expect(second).toMatchObject({ body: 'released', receiveCount: 2 });
      expect(second?.receipt).not.toBe(first?.receipt);
      await queue.delete([second?.receipt ?? '']);
    });

    it('releases and deletes more than ten at once, lost leases among them', async () => {
      await queue.send(Array.from({ length: 23 }, (_, index) => ({ body: `${index}` })));
      const first = await takeAll();
      await queue.release(receipts(first));
      await queue.release(receipts(first));
      const second = await takeAll();
      expect(second).toHaveLength(23);
      await queue.delete([...receipts(second), ...receipts(first)]);
      await queue.delete(receipts(second));
      expect(await queue.counts()).toEqual(nothing);
    });

    it('holds a delayed message back until its time has come', async () => {
      await queue.send([{ body: 'now' }, { body: 'later', delaySeconds: 1 }]);
      const early = await takeAll();
      expect(early.map(({ body }) => body)).toEqual(['now']);
      expect(await queue.counts()).toEqual({ visible: 0, inFlight: 1, delayed: 1 });
      await examined.passSeconds(1.1);
      const late = await takeAll();
      expect(late.map(({ body }) => body)).toEqual(['later']);
      await queue.delete(receipts([...early, ...late]));
    });

    it('gives a message to another when its lease ends, unless it was extended', async () => {
      await queue.send([{ body: 'lost' }, { body: 'extended' }]);
      const taken = await take(10, 1);
      const lost = taken.find(({ body }) => body === 'lost')?.receipt ?? '';
      const extended = taken.find(({ body }) => body === 'extended')?.receipt ?? '';
      expect(await queue.extend(extended, 60)).toBe(true);
      await examined.passSeconds(1.1);
      const again = await takeAll();
      expect(again).toMatchObject([{ body: 'lost', receiveCount: 2 }]);
      expect(await queue.extend(lost, 60)).toBe(false);
      // Deleting by the lost receipt is no error, and does not take the message from its new owner.
      await queue.delete([lost]);
      expect(await queue.extend(again[0]?.receipt ?? '', 60)).toBe(true);
      await queue.delete([...receipts(again), extended]);
      expect(await queue.extend(extended, 60)).toBe(false);
      expect(await queue.counts()).toEqual(nothing);
    });

    it('lets nobody hold a message for more than 12 hours, and leaves the lease as it was', async ({
      skip,
    }) => {
      skip(examined.knowsNoLongestLease !== undefined, examined.knowsNoLongestLease);
      await queue.send([{ body: 'long' }]);
      const taken = await take(1, 60);
      const receipt = taken[0]?.receipt ?? '';
      await examined.passSeconds(2.1);
      await expect(queue.extend(receipt, 43_200)).rejects.toThrow(/InvalidParameterValue/);
      expect(await queue.extend(receipt, 43_190)).toBe(true);
      await queue.delete([receipt]);
      expect(await queue.counts()).toEqual(nothing);
    });

    it('waits for a message that is sent meanwhile', async () => {
      const receiving = queue.receive({ max: 1, waitSeconds: 20, leaseSeconds: 60 });
      await queue.send([{ body: 'awaited' }]);
      const taken = await receiving;
      expect(taken.map(({ body }) => body)).toEqual(['awaited']);
      await queue.delete(receipts(taken));
    });

    it('counts its requests by operation', async () => {
      const before = queue.requestsMade();
      await queue.send(Array.from({ length: 11 }, () => ({ body: 'counted' })));
      await empty();
      const after = queue.requestsMade();
      const made = (operation: string) => (after[operation] ?? 0) - (before[operation] ?? 0);
      expect(['SendMessageBatch', 'DeleteMessageBatch'].map(made)).toEqual([2, 2]);
      expect(made('ReceiveMessage')).toBeGreaterThanOrEqual(2);
    });

    describe('of message groups', () => {
      const bodiesOf = (messages: readonly ReceivedMessage[]) => messages.map(({ body }) => body);
      const send = (...pairs: [body: string, group: string][]) =>
        queue.send(pairs.map(([body, group]) => ({ body, group })));

      it('refuses a group where it has no order to offer', async ({ skip }) => {
        skip(queue.takesGroups, 'it has');
        await expect(send(['a1', 'a'])).rejects.toThrow(/FIFO/);
        expect(await queue.counts()).toEqual(nothing);
      });

      it('gives nobody a message of a group while another of it is leased, and all in order', async ({
        skip,
      }) => {
        skip(!queue.takesGroups, 'it takes none');
        await send(['a1', 'a'], ['a2', 'a'], ['b1', 'b'], ['a3', 'a']);
        const seen: string[] = [];
        for (let turn = 0; turn < 4; turn++) {
          const held = await take(1);
          // Whoever comes meanwhile gets what is of the other group, and nothing else.
          const others = await takeAll();
          const groups = new Set(bodiesOf(held).map(([group]) => group));
          expect(bodiesOf(others).filter(([group]) => groups.has(group))).toEqual([]);
          seen.push(...bodiesOf([...held, ...others]));
          await queue.delete(receipts([...held, ...others]));
        }
        expect(seen.toSorted()).toEqual(['a1', 'a2', 'a3', 'b1']);
        expect(seen.filter((body) => body.startsWith('a'))).toEqual(['a1', 'a2', 'a3']);
        expect(await queue.counts()).toEqual(nothing);
      });

      it('gives a group to another when it is given back or its lease ends', async ({ skip }) => {
        skip(!queue.takesGroups, 'it takes none');
        await send(['a1', 'a']);
        await queue.release(receipts(await take()));
        expect(bodiesOf(await take(1, 1))).toEqual(['a1']);
        expect(await take()).toEqual([]);
        await examined.passSeconds(1.1);
        const again = await take();
        expect(again).toMatchObject([{ body: 'a1', receiveCount: 3 }]);
        await queue.delete(receipts(again));
      });

      it('takes the same body again, also after it was dealt with', async ({ skip }) => {
        skip(!queue.takesGroups, 'it takes none');
        for (const _ of ['first', 'again']) {
          await send(['same', 'a']);
          const taken = await take();
          expect(bodiesOf(taken)).toEqual(['same']);
          await queue.delete(receipts(taken));
        }
        expect(await queue.counts()).toEqual(nothing);
      });

      it('holds messages without a group and with one beside each other', async ({ skip }) => {
        skip(!queue.takesGroups, 'it takes none');
        await queue.send([{ body: 'alone' }, { body: 'a1', group: 'a' }]);
        expect(await queue.counts()).toEqual({ visible: 2, inFlight: 0, delayed: 0 });
        const taken = await takeAll();
        expect(bodiesOf(taken).toSorted()).toEqual(['a1', 'alone']);
        for (const { receipt } of taken) expect(await queue.extend(receipt, 60)).toBe(true);
        await queue.delete(receipts(taken));
        expect(await queue.counts()).toEqual(nothing);
      });
    });

    // Last, because a server may still lease a message to the request that nobody waits for any more.
    it('stops waiting when the signal aborts, before or meanwhile', async () => {
      const stop = new AbortController();
      const options = { max: 1, waitSeconds: 20, leaseSeconds: 60, signal: stop.signal };
      const receiving = queue.receive(options);
      stop.abort();
      expect(await receiving).toEqual([]);
      expect(await queue.receive(options)).toEqual([]);
    });
  });
}
