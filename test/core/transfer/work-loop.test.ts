import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CopyResult } from '../../../core/transfer/copy-result.ts';
import { aBatch, aFile } from '../../support/builders.ts';
import { type Death, Fuse } from '../../support/fuse.ts';
import { sameEveryRun } from '../../support/hard-keys.ts';
import { replacing } from '../../support/memory-buckets.ts';
import { filedExceptions, outcomeLog } from '../../support/outcome-log.ts';
import { ScriptedCopier } from '../../support/scripted-copier.ts';
import { keysOf, Workplace } from './working.ts';

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

describe('a worker whose credentials are refused', () => {
  const many = Array.from({ length: 50 }, (_, index) => batchOf(`${index}a`, `${index}b`));

  test('stops receiving, says so once, and probes with one message after growing pauses', async () => {
    const place = new Workplace();
    await place.send(...many);
    const copier = new ScriptedCopier(() => 'credential');
    const worker = place.start(copier, { filesInFlight: 1, messagesHeld: 2, retryBaseSeconds: 1 });
    await place.clock.advance(600_000);
    worker.drain();
    await place.passUntil(worker.done);
    expect(place.events().filter((event) => event === 'credentials-refused')).toHaveLength(1);
    expect(copier.copies.length).toBeGreaterThan(5);
    expect(copier.copies.length).toBeLessThan(20);
    expect(new Set(copier.copies.map(({ attempt }) => attempt))).toEqual(new Set([1]));
    const left = await place.left();
    expect(keysOf(left)).toEqual(keysOf(many));
    expect(new Set(left.map(({ attempt }) => attempt))).toEqual(new Set([1]));
  });

  test('goes on with everything when they are mended', async () => {
    const place = new Workplace();
    await place.send(...many);
    let dead = true;
    const copier = new ScriptedCopier(() => (dead ? 'credential' : 'copied'));
    const worker = place.start(copier);
    await place.clock.advance(120_000);
    dead = false;
    await place.finish(worker);
    const copied = (await outcomesOf(place)).filter((line) => line.endsWith('copied'));
    expect(copied.toSorted()).toEqual(
      keysOf(many)
        .map((key) => `${key} 1 copied`)
        .toSorted(),
    );
    dead = true;
    await place.send(batchOf('z'));
    const again = place.start(copier);
    await place.clock.advance(1000);
    again.drain();
    await place.passUntil(again.done);
    expect(place.events().filter((event) => event === 'credentials-refused')).toHaveLength(2);
  });
});

test('a long copy does not keep a worker whose credentials are mended from going on', async () => {
  const place = new Workplace();
  await place.send(batchOf('giant'), batchOf('a'), batchOf('b'), batchOf('c'));
  const copier = new ScriptedCopier(async (key, nth) => {
    if (key === 'giant') await place.clock.sleep(3_600_000);
    return key === 'a' && nth === 1 ? 'credential' : 'copied';
  });
  const worker = place.start(copier, { messagesHeld: 2 });
  await place.clock.advance(120_000);
  expect((await outcomesOf(place)).toSorted()).toEqual([
    'a 1 copied',
    'a 1 retried',
    'b 1 copied',
    'c 1 copied',
  ]);
  await place.finish(worker);
});

describe('a worker that is to stop', () => {
  const batches = Array.from({ length: 6 }, (_, index) => batchOf(`k${index}`));

  test('finishes what it holds, receives no more, and is over then', async () => {
    const place = new Workplace();
    await place.send(...batches);
    const copier = new ScriptedCopier(async () => {
      await place.clock.sleep(5000);
      return 'copied' as const;
    });
    const worker = place.start(copier, { messagesHeld: 2 });
    await place.clock.advance(1000);
    worker.drain();
    await place.passUntil(worker.done);
    expect((await outcomesOf(place)).toSorted()).toEqual(['k0 1 copied', 'k1 1 copied']);
    expect(place.clock.nowMs()).toBeLessThan(10_000);
    expect(keysOf(await place.left())).toEqual(['k2', 'k3', 'k4', 'k5']);
  });

  test('gives back what it cannot finish, with the attempt it had', async () => {
    const place = new Workplace();
    await place.send(aBatch([aFile('a'), aFile('b'), aFile('c')], { attempt: 2 }));
    const copier = new ScriptedCopier(async (key, _, signal) => {
      if (key === 'a') return 'copied';
      await place.clock.sleep(3_600_000, signal);
      return 'stopped';
    });
    const worker = place.start(copier, { filesInFlight: 2 });
    await place.clock.advance(1000);
    worker.halt();
    await place.passUntil(worker.done);
    expect(await outcomesOf(place)).toEqual(['a 2 copied']);
    expect(place.clock.nowMs()).toBeLessThan(10_000);
    const left = await place.left();
    expect(left.map(({ attempt, files }) => [attempt, files.map(({ key }) => key)])).toEqual([
      [2, ['b', 'c']],
    ]);
    expect(place.logged.find(({ event }) => event === 'draining')?.fields).toEqual({ held: 1, halted: true });
  });

  test('wakes from waiting for messages at once', async () => {
    const place = new Workplace();
    const worker = place.start(new ScriptedCopier());
    await place.clock.advance(3000);
    worker.drain();
    await worker.done;
    expect(place.clock.nowMs()).toBe(3000);
  });

  test('wakes from the pause after refused credentials at once', async () => {
    const place = new Workplace();
    await place.send(batchOf('a'));
    const worker = place.start(new ScriptedCopier(() => 'credential'));
    await place.clock.advance(1000);
    worker.drain();
    await worker.done;
    expect(place.clock.nowMs()).toBe(1000);
  });
});

test('workers that are killed at any effect lose no key: each has an outcome or is still queued', async () => {
  const results = fc.constantFrom<CopyResult['result']>(
    'copied',
    'copied',
    'retry',
    'throttled',
    'exception',
    'credential',
  );
  const scripts = fc.dictionary(
    fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
    fc.array(results, { maxLength: 4 }),
  );
  const deaths = fc.array(
    fc.record<Death>({ step: fc.integer({ min: 1, max: 25 }), when: fc.constantFrom('before', 'after') }),
    { maxLength: 5, size: 'max' },
  );
  const sizes = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 5 });
  let died = 0;
  await fc.assert(
    fc.asyncProperty(scripts, deaths, sizes, async (scripts, deaths, sizes) => {
      const place = new Workplace();
      const keys = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
      const files = keys.map((key) => aFile(key));
      const batches = sizes.map((size) => files.splice(0, size)).filter((some) => some.length > 0);
      const sent = batches.map((some, index) => aBatch(some, { batch: `0000-${index}` }));
      await place.send(...sent);
      const everyKey = keysOf(sent);
      const copier = new ScriptedCopier((key, nth) => scripts[key]?.[nth - 1] ?? 'copied');
      const ended = async () =>
        new Set(
          (await outcomeLog(place.jobStore, folder)).rows.flatMap(({ key, outcome }) =>
            outcome === 'retried' ? [] : [key],
          ),
        );
      for (const [index, death] of deaths.entries()) {
        const fuse = new Fuse(death);
        const worker = place.start(
          fuse.wrap(copier, ['copy']),
          { worker: `w${index}`, messagesHeld: 2, filesInFlight: 3 },
          {
            queue: fuse.wrap(place.queue, ['send', 'receive', 'extend', 'release', 'delete']),
            jobStore: fuse.wrap(place.jobStore, ['write', 'read']),
          },
        );
        for (let second = 0; second < 120 && !fuse.dead; second++) await place.clock.advance(1000);
        if (fuse.dead) died += 1;
        worker.halt();
        await place.passUntil(worker.done);
        const done = await ended();
        const queued = new Set(keysOf(await place.left()));
        expect(everyKey.filter((key) => !done.has(key) && !queued.has(key))).toEqual([]);
      }
      await place.finish(place.start(copier, { worker: 'last' }));
      expect([...(await ended())].toSorted()).toEqual(everyKey);
      const { rows } = await outcomeLog(place.jobStore, folder);
      for (const row of rows) expect(row.attempt).toBeLessThanOrEqual(3);
    }),
    { ...sameEveryRun, numRuns: 60 },
  );
  expect(died).toBeGreaterThan(60);
});
