import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CopyResult } from '../../../core/transfer/copy-result.ts';
import { aBatch, aFile } from '../../support/builders.ts';
import { type Death, Fuse } from '../../support/fuse.ts';
import { sameEveryRun } from '../../support/hard-keys.ts';
import { replacing } from '../../support/memory-buckets.ts';
import { outcomeLog } from '../../support/outcome-log.ts';
import { ScriptedCopier } from '../../support/scripted-copier.ts';
import { keysOf, Workplace } from './working.ts';

const folder = 'migrations/m';
const batchOf = (...keys: string[]) => aBatch(keys.map((key) => aFile(key)));
const outcomesOf = async (place: Workplace) =>
  (await outcomeLog(place.jobStore, folder)).rows.map(
    ({ key, attempt, outcome }) => `${key} ${attempt} ${outcome}`,
  );

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

  test('is not over before the last copy is on record, though it could hold more', async () => {
    const place = new Workplace();
    await place.send(batchOf('a'));
    const copier = new ScriptedCopier(async () => {
      await place.clock.sleep(5000);
      return 'copied' as const;
    });
    const worker = place.start(copier);
    await place.clock.advance(1000);
    worker.drain();
    await place.passUntil(worker.done, 100);
    expect(place.clock.nowMs()).toBeGreaterThan(5000);
    expect(await outcomesOf(place)).toEqual(['a 1 copied']);
  });

  test('does not call it a failure that it ended its own waiting', async () => {
    const place = new Workplace();
    const queue = replacing(place.queue, {
      async receive({ signal }) {
        await place.clock.sleep(20_000, signal);
        throw new Error('AbortError: the request was aborted');
      },
    });
    const worker = place.start(new ScriptedCopier(), {}, { queue });
    await place.clock.advance(1000);
    worker.drain();
    await worker.done;
    expect(place.events()).toEqual(['draining']);
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
