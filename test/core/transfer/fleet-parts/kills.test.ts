import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ObjectStore, WorkQueue } from '../../../../core/ports.ts';
import { StoreError } from '../../../../core/store-error.ts';
import { type Death, Fuse } from '../../../support/fuse.ts';
import { sameEveryRun } from '../../../support/hard-keys.ts';
import { putText, replacing } from '../../../support/memory-buckets.ts';
import { filedExceptions } from '../../../support/outcome-log.ts';
import { address } from '../../../support/sample-migration.ts';
import { Giants } from './giants.ts';

const texts = {
  a: 'the first of the two giants',
  ab: 'another one with a name that begins alike',
  small: 'a mouse',
};
const overwritten = 'a giant that somebody wrote over the first';

/** A queue that delivers some of what is sent twice. */
function doubling(queue: WorkQueue, doubled: readonly boolean[]): WorkQueue {
  let sent = 0;
  return replacing(queue, {
    send: async (messages) => {
      for (const message of messages) {
        sent += 1;
        await queue.send(doubled[sent % doubled.length] === true ? [message, message] : [message]);
      }
    },
  });
}

test('however workers die, are doubled and interleave, each giant arrives whole, and Clean up leaves no upload', async () => {
  const death = fc.record<Death>({
    step: fc.integer({ min: 1, max: 160 }),
    when: fc.constantFrom('before', 'after'),
  });
  const crews = fc.array(fc.tuple(death, death), { maxLength: 5, size: 'max' });
  const doubled = fc.array(fc.boolean(), { minLength: 1, maxLength: 5 });
  const cleanedAfter = fc.option(fc.integer({ min: 0, max: 4 }));
  const overwrittenAfter = fc.option(fc.integer({ min: 0, max: 4 }));
  let died = 0;
  let joined = 0;
  await fc.assert(
    fc.asyncProperty(
      crews,
      doubled,
      cleanedAfter,
      overwrittenAfter,
      async (crews, doubled, cleaned, written) => {
        const place = new Giants();
        await place.list(texts);
        const queue = doubling(place.queue, doubled);
        for (const [index, deaths] of crews.entries()) {
          const fuses = deaths.map((death) => new Fuse(death));
          const workers = fuses.map((fuse, n) => place.hire(`w${index}-${n}`, fuse, { queue }));
          for (let second = 0; second < 90 && !fuses.every(({ dead }) => dead); second++)
            await place.clock.advance(1000);
          died += fuses.filter(({ dead }) => dead).length;
          for (const worker of workers) worker.halt();
          await Promise.all(workers.map(({ done }) => place.passUntil(done)));
          if (written === index) await putText(place.source, 'a', overwritten);
          // A migration that failed is cleaned up and resumed: its messages are still there, its uploads are not.
          if (cleaned === index) await place.cleanUp();
        }
        const [one, other] = [place.hire('last-0', null, { queue }), place.hire('last-1', null, { queue })];
        await place.finish({
          done: Promise.all([one.done, other.done]).then(() => undefined),
          drain: () => [one, other].map(({ drain }) => drain()),
        });
        const arrived = await place.arrived();
        expect(arrived).toMatchObject({ ab: texts.ab, small: texts.small });
        expect([texts.a, overwritten]).toContain(arrived['a']);
        for (const key of ['a', 'ab', 'small'])
          expect((await place.endings(key)).copied, key).toBeGreaterThanOrEqual(1);
        expect((await place.rows()).filter(({ outcome }) => outcome === 'exception')).toEqual([]);
        joined += (await place.rows()).filter(({ reason }) => reason?.startsWith('parts ')).length;
        place.destination.beginUpload('in/abc');
        await place.cleanUp();
        expect(await place.unfinished()).toEqual(['in/abc']);
      },
    ),
    { ...sameEveryRun, numRuns: 60 },
  );
  expect(died).toBeGreaterThan(100);
  expect(joined).toBeGreaterThan(100);
}, 120_000);

/** Lets a worker die at each of its effects, before and after it, and another one go on; returns how many effects there were. */
async function dieAtEach(
  check: (place: Giants, told: string) => Promise<void>,
  breaks: boolean,
): Promise<number> {
  let effects = 0;
  for (let step = 1; step <= effects + 1; step++) {
    for (const when of ['before', 'after'] as const) {
      const place = new Giants();
      await place.list({ a: texts.a });
      const get: ObjectStore['get'] = async (key, options) => {
        if (options?.range?.first === 12) throw new StoreError('denied', 'no', { code: 'AccessDenied' });
        return place.source.get(key, options);
      };
      const bucket: ObjectStore = place.source;
      const source = breaks ? replacing(bucket, { get }) : bucket;
      const fuse = new Fuse({ step, when });
      const worker = place.hire('dies', fuse, { source });
      for (let second = 0; second < 100 && !fuse.dead; second++) await place.clock.advance(1000);
      if (fuse.dead) effects = step;
      worker.halt();
      await place.passUntil(worker.done);
      await place.finish(place.hire('lives', null, { source }));
      await place.cleanUp();
      expect(await place.unfinished()).toEqual([]);
      expect(place.destination.requestsMade()['CreateMultipartUpload']).toBeLessThanOrEqual(2);
      await check(place, `${when} effect ${step}`);
    }
  }
  return effects;
}

test('whichever of its effects a worker dies at, another one ends the object: whole and copied', async () => {
  const effects = await dieAtEach(async (place, told) => {
    expect(await place.arrived(), told).toEqual({ a: texts.a });
    expect((await place.endings('a')).copied, told).toBeGreaterThanOrEqual(1);
  }, false);
  expect(effects).toBeGreaterThan(60);
}, 120_000);

test('whichever of its effects a worker dies at, an object that cannot be read is an exception on record', async () => {
  const effects = await dieAtEach(async (place, told) => {
    expect(await place.arrived(), told).toEqual({});
    const kinds = (await filedExceptions(place.jobStore, address.folder, '0000')).map(({ kind }) => kind);
    expect([...new Set(kinds)], told).toEqual(['source-denied']);
  }, true);
  expect(effects).toBeGreaterThan(50);
}, 120_000);
