import { expect, it } from 'vitest';
import { encodeBatch } from '../../../core/batching/batch.ts';
import { groupOf, partitionOf } from '../../../core/partition/partition-of.ts';
import type { WorkQueue } from '../../../core/ports.ts';
import { aBatch, aFile } from '../../support/builders.ts';
import { replacing } from '../../support/memory-buckets.ts';
import { outcomeLog } from '../../support/outcome-log.ts';
import { ScriptedCopier } from '../../support/scripted-copier.ts';
import { keysOf, Workplace } from './working.ts';

const partitions = 3;

/** Queues so many keys, two a batch at most, as a lister does it. */
async function queueKeys({ queue }: Workplace, count: number): Promise<string[]> {
  const keys = Array.from({ length: count }, (_, n) => `key-${n}`);
  for (const [partition, own] of Map.groupBy(keys, (key) => partitionOf(key, partitions)))
    for (let at = 0; at < own.length; at += 2) {
      const files = own.slice(at, at + 2).map((key) => aFile(key));
      const body = encodeBatch(aBatch(files, { partition, batch: `0000-${partition}-${at}` }));
      await queue.send([{ body, group: groupOf(partition) }]);
    }
  return keys;
}

/** Copiers of many workers that note when two of them have a key of one partition in hand. */
class Watched {
  readonly #place: Workplace;
  readonly #holders = new Map<number, Map<string, number>>();
  readonly clashes: string[] = [];
  readonly copied = new Map<string, string>();
  constructor(place: Workplace) {
    this.#place = place;
  }

  /** The copier of a worker; a copy takes 7 seconds for each digit 1 to 9 at the key's end. */
  of(worker: string): ScriptedCopier {
    return new ScriptedCopier(async (key, _, signal) => {
      const partition = partitionOf(key, partitions);
      const holders = this.#holders.get(partition) ?? new Map<string, number>();
      this.#holders.set(partition, holders);
      holders.set(worker, (holders.get(worker) ?? 0) + 1);
      const workers = [...holders].filter(([, copies]) => copies > 0).map(([name]) => name);
      if (workers.length > 1) this.clashes.push(`${workers.join(' and ')} hold partition ${partition}`);
      await this.#place.clock.sleep(7_000 * Number(key.at(-1)), signal);
      holders.set(worker, (holders.get(worker) ?? 0) - 1);
      if (signal.aborted) return 'stopped';
      this.copied.set(key, worker);
      return 'copied';
    });
  }
}

/** A copier whose copies end only when they are cut short. */
function untilCutShort({ clock }: Workplace): ScriptedCopier {
  return new ScriptedCopier((_key, _nth, signal) =>
    clock.sleep(3_600_000, signal).then(() => 'stopped' as const),
  );
}

it('no two workers hold a partition at any instant, while workers come, go, are cut short and lose their leases', async () => {
  const place = new Workplace();
  const keys = await queueKeys(place, 60);
  const watched = new Watched(place);
  const deaf: WorkQueue = replacing(place.queue, {
    extend: () => Promise.reject(new Error('the queue is not to be reached')),
  });
  const start = (worker: string, queue: WorkQueue = place.queue) =>
    place.start(watched.of(worker), { worker, leaseSeconds: 20 }, { queue });
  const [first, second] = [start('first'), start('second')];
  const losing = start('losing', deaf);
  await place.clock.advance(30_000);
  first.drain();
  const third = start('third');
  await place.clock.advance(40_000);
  second.halt();
  await place.clock.advance(30_000);
  losing.halt();
  const fourth = start('fourth');
  await place.finish(third);
  fourth.drain();
  for (const { done } of [first, second, losing, fourth]) await place.passUntil(done);
  expect(watched.clashes).toEqual([]);
  expect([...watched.copied.keys()].toSorted()).toEqual(keys.toSorted());
  expect(new Set(watched.copied.values()).size).toBeGreaterThan(2);
  expect(place.events()).toContain('lease-extension-failed');
  const { rows } = await outcomeLog(place.jobStore, 'migrations/m');
  expect([...new Set(rows.map(({ key }) => key))].toSorted()).toEqual(keys.toSorted());
});

it('a worker that loses its lease cuts the copies of that partition short and settles nothing', async () => {
  const place = new Workplace();
  await queueKeys(place, 1);
  const copier = untilCutShort(place);
  const lost: WorkQueue = replacing(place.queue, { extend: async () => false });
  const worker = place.start(copier, { leaseSeconds: 20 }, { queue: lost });
  await place.clock.advance(15_000);
  expect(copier.copies).toHaveLength(1);
  expect(copier.inFlight).toBe(0);
  worker.drain();
  await place.passUntil(worker.done);
  const left = await place.left();
  expect(left).toMatchObject([{ attempt: 1, partition: partitionOf('key-0', partitions) }]);
  expect((await outcomeLog(place.jobStore, 'migrations/m')).rows).toEqual([]);
});

it('what failed is tried again after its pause, in the group of its partition, and not before', async () => {
  const place = new Workplace();
  await queueKeys(place, 1);
  const triedAtMs: number[] = [];
  const copier = new ScriptedCopier((_, nth) => {
    triedAtMs.push(place.clock.nowMs());
    return nth < 3 ? 'retry' : 'copied';
  });
  const worker = place.start(copier, { retryBaseSeconds: 100 });
  await place.finish(worker);
  expect(copier.copies.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
  const [first = 0, second = 0, third = 0] = triedAtMs;
  expect(second - first).toBeGreaterThanOrEqual(100_000);
  expect(third - second).toBeGreaterThanOrEqual(200_000);
  expect(third).toBeLessThan(330_000);
});

it('what a halted worker gives back stays in the group of its partition', async () => {
  const place = new Workplace();
  const keys = await queueKeys(place, 4);
  const copier = untilCutShort(place);
  const worker = place.start(copier);
  await place.clock.advance(1000);
  worker.halt();
  await place.passUntil(worker.done);
  const seen: string[] = [];
  for (let turn = 0; turn < 4; turn++) {
    await place.clock.advance(1000);
    const messages = await place.queue.receive({ max: 10, waitSeconds: 0, leaseSeconds: 60 });
    // As long as they are held, the rest of their groups stays where it is.
    expect(await place.queue.receive({ max: 10, waitSeconds: 0, leaseSeconds: 60 })).toEqual([]);
    seen.push(...keysOf(messages.map(({ body }) => JSON.parse(body))));
    await place.queue.delete(messages.map(({ receipt }) => receipt));
  }
  expect(seen.toSorted()).toEqual(keys.toSorted());
});
