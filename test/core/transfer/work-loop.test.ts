import { describe, expect, test } from 'vitest';
import { allOf } from '../../support/all-of.ts';
import { aBatch, aFile } from '../../support/builders.ts';
import { replacing } from '../../support/memory-buckets.ts';
import { filedExceptions, outcomeLog } from '../../support/outcome-log.ts';
import { ScriptedCopier } from '../../support/scripted-copier.ts';
import { Workplace } from './working.ts';

const folder = 'migrations/m';
const batchOf = (...keys: string[]) => aBatch(keys.map((key) => aFile(key)));
const outcomesOf = async (place: Workplace) =>
  (await outcomeLog(place.jobStore, folder)).rows.map(
    ({ key, attempt, outcome }) => `${key} ${attempt} ${outcome}`,
  );

describe('a worker', () => {
  test('copies every key of every batch, records it, and empties the queue', async () => {
    const place = new Workplace();
    await place.send(batchOf('a', 'b'), batchOf('c'), batchOf('d', 'e', 'f'));
    await place.finish(place.start(new ScriptedCopier()));
    expect((await outcomesOf(place)).toSorted()).toEqual(
      ['a', 'b', 'c', 'd', 'e', 'f'].map((key) => `${key} 1 copied`),
    );
    expect(place.events()).toContain('draining');
    expect(place.clock.sleeping()).toBe(0);
  });

  test('tries failed keys again in a message of their own, with a delay, until the attempts are used up', async () => {
    const place = new Workplace();
    await place.send(batchOf('good', 'slow', 'bad'));
    const copier = new ScriptedCopier((key, nth) => {
      if (key === 'good' || (key === 'slow' && nth === 2)) return 'copied';
      return 'retry';
    });
    await place.finish(place.start(copier));
    expect(await outcomesOf(place)).toEqual([
      'good 1 copied',
      'slow 1 retried',
      'bad 1 retried',
      'slow 2 copied',
      'bad 2 retried',
      'bad 3 exception',
    ]);
    expect(await filedExceptions(place.jobStore, folder, '0000')).toMatchObject([
      { key: 'bad', kind: 'exhausted', reason: '3 attempts failed, the last with: it was retry' },
    ]);
    const rows = (await outcomeLog(place.jobStore, folder)).rows.filter(({ key }) => key === 'bad');
    const waitedMs = rows.slice(1).map(({ endedAtMs }, index) => endedAtMs - (rows[index]?.endedAtMs ?? 0));
    expect(waitedMs.map((ms) => Math.floor(ms / 10_000))).toEqual([1, 2]);
  });

  test('holds no more messages and copies no more files than it may', async () => {
    const place = new Workplace();
    const batches = Array.from({ length: 30 }, (_, index) => batchOf(`${index}a`, `${index}b`));
    await place.send(...batches);
    let mostHeld = 0;
    const copier = new ScriptedCopier(async () => {
      mostHeld = Math.max(mostHeld, (await place.queue.counts()).inFlight);
      await place.clock.sleep(500);
      return 'copied' as const;
    });
    await place.finish(place.start(copier, { filesInFlight: 5, messagesHeld: 12 }));
    expect(copier.mostInFlight).toBe(5);
    expect(mostHeld).toBe(12);
    expect(copier.copies).toHaveLength(60);
  });

  test('fetches no more than keeps its pipe full: the rest is for other workers', async () => {
    const place = new Workplace();
    const giants = Array.from({ length: 30 }, (_, n) => aBatch([aFile(`giant-${n}`, { sizeBytes: 400 })]));
    await place.send(...giants);
    let mostHeld = 0;
    const copier = new ScriptedCopier(async () => {
      mostHeld = Math.max(mostHeld, (await place.queue.counts()).inFlight);
      await place.clock.sleep(60_000);
      return 'copied' as const;
    });
    // One receive gives up to ten messages; the next one waits until few of these are left.
    await place.finish(place.start(copier, { filesInFlight: 8, bytesInFlight: 1000, messagesHeld: 100 }));
    expect(mostHeld).toBeLessThanOrEqual(12);
    expect(copier.copies).toHaveLength(30);
  });

  test('asks for leases that fit how long batches take, once it has seen some', async () => {
    const place = new Workplace();
    await place.send(...Array.from({ length: 40 }, (_, n) => batchOf(`k${n}`)));
    const leases = new Set<number>();
    const queue = replacing(place.queue, {
      async receive(options) {
        leases.add(options.leaseSeconds);
        return place.queue.receive(options);
      },
    });
    const copier = new ScriptedCopier(async () => {
      await place.clock.sleep(50_000);
      return 'copied' as const;
    });
    await place.finish(place.start(copier, { filesInFlight: 2, messagesHeld: 2 }, { queue }));
    expect([...leases][0]).toBe(60);
    expect(Math.max(...leases)).toBeGreaterThanOrEqual(100);
    expect(Math.max(...leases)).toBeLessThanOrEqual(120);
  });

  test('goes on copying while what has ended waits to be settled', async () => {
    const place = new Workplace();
    await place.send(...Array.from({ length: 40 }, (_, n) => batchOf(`k${n}`)));
    const copier = new ScriptedCopier(async () => {
      await place.clock.sleep(100);
      return 'copied' as const;
    });
    const worker = place.start(copier, { filesInFlight: 4, messagesHeld: 100 });
    await place.clock.advance(2000);
    expect(copier.copies).toHaveLength(40);
    await place.finish(worker);
    const files = (await allOf(place.jobStore.list(''))).filter((path) => path.includes('/outcomes/'));
    expect(files).toHaveLength(1);
  });

  test('copies fewer files at once when a store asks for fewer', async () => {
    const place = new Workplace();
    await place.send(...Array.from({ length: 40 }, (_, index) => batchOf(`k${index}`)));
    let throttled = 0;
    const inFlight: number[] = [];
    const copier: ScriptedCopier = new ScriptedCopier(async () => {
      inFlight.push(copier.inFlight);
      await place.clock.sleep(500);
      return throttled++ < 9 ? 'throttled' : 'copied';
    });
    await place.finish(place.start(copier, { messagesHeld: 10 }));
    expect(Math.max(...inFlight.slice(0, 8))).toBe(8);
    expect(Math.max(...inFlight.slice(8, 12))).toBeLessThanOrEqual(4);
    expect(Math.max(...inFlight.slice(12))).toBeGreaterThan(4);
    expect(inFlight).toHaveLength(49);
  });

  test('leaves a message alone that it cannot read, and goes on with the others', async () => {
    const place = new Workplace();
    await place.queue.send([{ body: '{"version":2}' }]);
    await place.send(batchOf('a'));
    const worker = place.start(new ScriptedCopier());
    await place.clock.advance(30_000);
    expect(await place.queue.counts()).toEqual({ visible: 0, inFlight: 1, delayed: 0 });
    worker.drain();
    await place.passUntil(worker.done);
    expect(await outcomesOf(place)).toEqual(['a 1 copied']);
    const said = place.logged.filter(({ event }) => event === 'message-unreadable');
    expect(said.map(({ fields }) => fields)).toEqual([{ receiveCount: 1, characters: 13 }]);
    await place.clock.advance(60_000);
    expect((await place.queue.counts()).visible).toBe(1);
  });

  test('keeps the lease of a copy that takes long, so that nobody else begins it', async () => {
    const place = new Workplace();
    await place.send(batchOf('giant'));
    const copier = new ScriptedCopier(async () => {
      await place.clock.sleep(3_600_000);
      return 'copied' as const;
    });
    const worker = place.start(copier);
    await place.clock.advance(1);
    const other = new ScriptedCopier();
    const second = place.start(other, { worker: 'v' });
    await place.finish({
      done: Promise.all([worker.done, second.done]).then(() => undefined),
      drain: () => [worker, second].map((each) => each.drain()),
    });
    expect(copier.copies).toHaveLength(1);
    expect(other.copies).toEqual([]);
  });

  test('that lost a lease records its work all the same, and so does the one that did it again', async () => {
    const place = new Workplace();
    await place.send(batchOf('a'));
    const slow = () =>
      new ScriptedCopier(async () => {
        await place.clock.sleep(100_000);
        return 'copied' as const;
      });
    const deaf = replacing(place.queue, { extend: async () => false });
    const workers = [
      place.start(slow(), { worker: 'v' }, { queue: deaf }),
      place.start(slow(), { worker: 'w' }),
    ];
    await place.finish({
      done: Promise.all(workers.map(({ done }) => done)).then(() => undefined),
      drain: () => workers.map(({ drain }) => drain()),
    });
    expect(await outcomesOf(place)).toEqual(['a 1 copied', 'a 1 copied']);
    expect(place.events().filter((event) => event === 'lease-lost')).toHaveLength(1);
  });

  test('waits a second when nothing can be received, and says so', async () => {
    const place = new Workplace();
    await place.send(batchOf('a'));
    let asked = 0;
    const queue = replacing(place.queue, {
      async receive(options) {
        asked += 1;
        if (asked <= 3) throw new Error('no route to host');
        return place.queue.receive(options);
      },
    });
    await place.finish(place.start(new ScriptedCopier(), {}, { queue }));
    const failed = place.logged.filter(({ event }) => event === 'receive-failed');
    expect(failed.map(({ atMs }) => atMs)).toEqual([0, 1000, 2000]);
    expect(await outcomesOf(place)).toEqual(['a 1 copied']);
  });

  test('gives a batch back at once when it cannot be put on record', async () => {
    const place = new Workplace();
    await place.send(batchOf('a'));
    let writes = 0;
    const jobStore = replacing(place.jobStore, {
      async write(path, bytes, options) {
        writes += 1;
        if (writes === 1) throw new Error('disk full');
        return place.jobStore.write(path, bytes, options);
      },
    });
    const copier = new ScriptedCopier();
    await place.finish(place.start(copier, {}, { jobStore }));
    expect(copier.copies).toHaveLength(2);
    expect(place.clock.nowMs()).toBeLessThan(10_000);
    expect(await outcomesOf(place)).toEqual(['a 1 copied']);
    expect(place.logged.find(({ event }) => event === 'batch-unsettled')?.fields).toEqual({
      batch: '0000-0',
      reason: 'Error: disk full',
    });
  });
});
