import { describe, expect, test } from 'vitest';
import { decodeBatch } from '../../../core/batching/batch.ts';
import type { CopyResult } from '../../../core/transfer/copy-result.ts';
import { aBatch, aFile } from '../../support/builders.ts';
import { replacing } from '../../support/memory-buckets.ts';
import { outcomeLog } from '../../support/outcome-log.ts';
import { ScriptedCopier } from '../../support/scripted-copier.ts';
import { keysOf, Workplace } from './working.ts';

const hour = 3_600_000;
const minute = 60_000;

/** Everything that was put on record, as "key attempt outcome". */
async function recorded(place: Workplace): Promise<string[]> {
  const { rows } = await outcomeLog(place.jobStore, 'migrations/m');
  return rows.map(({ key, attempt, outcome }) => `${key} ${attempt} ${outcome}`).toSorted();
}

/** A copier of which the key "slow" takes its hours, and another's "slow" too. */
function slowCopier(place: Workplace, hours: number, ends: CopyResult['result'] = 'copied') {
  return new ScriptedCopier(async (key, _, signal) => {
    if (key === 'slow') await place.clock.sleep(hours * hour, signal);
    if (signal.aborted) return 'stopped';
    return key === 'slow' ? ends : 'copied';
  });
}

describe('a copy that takes longer than a message may be in flight', () => {
  test('goes on under a message of its own, and is settled once', async () => {
    const place = new Workplace();
    await place.send(aBatch([aFile('quick'), aFile('slow')]));
    const [first, second] = [slowCopier(place, 30), slowCopier(place, 30)];
    const workers = [place.start(first, { worker: 'one' }), place.start(second, { worker: 'two' })];
    await place.clock.advance(11.4 * hour);
    expect(await recorded(place)).toEqual([]);
    await place.clock.advance(0.2 * hour);
    expect(await recorded(place)).toEqual(['quick 1 copied', 'slow 1 handed-on']);
    await place.clock.advance(17 * hour);
    expect(place.events()).not.toContain('lease-lost');
    expect((await place.queue.counts()).visible).toBe(0);
    await place.clock.advance(3 * hour);
    for (const { drain } of workers) drain();
    await Promise.all(workers.map(({ done }) => place.passUntil(done)));
    expect([...first.copies, ...second.copies].map(({ key }) => key).toSorted()).toEqual(['quick', 'slow']);
    const rows = await recorded(place);
    expect(rows.filter((row) => row === 'slow 1 copied')).toHaveLength(1);
    expect(await place.left()).toEqual([]);
    const received = place.logged.filter(({ event }) => event === 'batch-handed-on');
    expect(received.map(({ fields }) => fields)).toEqual([{ batch: '0000-0', stillCopied: 1, givenBack: 0 }]);
  });

  test('leaves the keys that have not begun to others, at once', async () => {
    const place = new Workplace();
    await place.send(aBatch([aFile('slow'), aFile('late')]));
    const worker = place.start(slowCopier(place, 30), { filesInFlight: 1, worker: 'one' });
    await place.clock.advance(11.55 * hour);
    const other = new ScriptedCopier();
    const another = place.start(other, { worker: 'two' });
    await place.clock.advance(minute);
    expect(other.copies.map(({ key }) => key)).toEqual(['late']);
    another.drain();
    worker.halt();
    await Promise.all([worker.done, another.done].map((done) => place.passUntil(done)));
    expect(keysOf(await place.left()).filter((key) => key !== 'slow')).toEqual([]);
  });

  test('is made again by another worker when its own is lost', async () => {
    const place = new Workplace();
    await place.send(aBatch([aFile('slow')]));
    let dead = false;
    const unlessDead =
      <Args extends unknown[], Result>(call: (...given: Args) => Promise<Result>) =>
      async (...given: Args): Promise<Result> => {
        if (dead) throw new Error('the machine is gone');
        return call(...given);
      };
    const { queue, jobStore } = place;
    place.start(
      slowCopier(place, 1000),
      { worker: 'one' },
      {
        queue: replacing(queue, {
          receive: unlessDead((options) => queue.receive(options)),
          extend: unlessDead((...given) => queue.extend(...given)),
          send: unlessDead((messages) => queue.send(messages)),
        }),
        jobStore: replacing(jobStore, { write: unlessDead((...given) => jobStore.write(...given)) }),
      },
    );
    await place.clock.advance(12 * hour);
    dead = true;
    const other = new ScriptedCopier();
    const another = place.start(other, { worker: 'two' });
    await place.clock.advance(15 * minute);
    expect(other.copies).toEqual([]);
    await place.clock.advance(20 * minute);
    expect(other.copies).toEqual([{ key: 'slow', attempt: 1 }]);
    another.drain();
    await place.passUntil(another.done);
    expect(await recorded(place)).toEqual(['slow 1 copied', 'slow 1 handed-on']);
  });

  test('that fails in the end is tried again, with one attempt more', async () => {
    const place = new Workplace();
    await place.send(aBatch([aFile('slow')]));
    let tries = 0;
    const copier = new ScriptedCopier(async () => {
      tries += 1;
      if (tries > 1) return 'copied';
      await place.clock.sleep(20 * hour);
      return 'retry';
    });
    const worker = place.start(copier);
    await place.clock.advance(22 * hour);
    await place.finish(worker);
    const rows = await recorded(place);
    expect(rows.filter((row) => !row.endsWith('handed-on'))).toEqual(['slow 1 retried', 'slow 2 copied']);
    expect(copier.copies.map(({ attempt }) => attempt)).toEqual([1, 2]);
  });

  test('is given back when its worker stops, and found by the next one without delay', async () => {
    const place = new Workplace();
    await place.send(aBatch([aFile('slow')], { attempt: 2 }));
    const worker = place.start(slowCopier(place, 30));
    await place.clock.advance(12 * hour);
    worker.halt();
    await place.passUntil(worker.done);
    const other = new ScriptedCopier();
    await place.finish(place.start(other));
    expect(other.copies).toEqual([{ key: 'slow', attempt: 2 }]);
  });

  test('of a partition that nobody else may have ends there, and costs an attempt', async () => {
    const place = new Workplace();
    const batch = aBatch([aFile('slow'), aFile('quick')], { partition: 3 });
    await place.queue.send([{ body: JSON.stringify(batch), group: 'partition-3' }]);
    const worker = place.start(slowCopier(place, 30), { worker: 'one', maxAttempts: 2 });
    await place.clock.advance(11.6 * hour);
    expect(await recorded(place)).toEqual(['quick 1 copied', 'slow 1 retried']);
    await place.clock.advance(11.6 * hour);
    expect(await recorded(place)).toEqual(['quick 1 copied', 'slow 1 retried', 'slow 2 exception']);
    worker.drain();
    await place.passUntil(worker.done);
    expect(await place.left()).toEqual([]);
  });
});

test('a message that stands for a long copy is told by its own words', () => {
  const message = aBatch([aFile('slow')], { held: 'one-1' });
  expect(decodeBatch(JSON.stringify(message))).toEqual(message);
});
