import { describe, expect, test } from 'vitest';
import { WorkerUnfit } from '../../../core/transfer/work-loop.ts';
import { aBatch, aFile } from '../../support/builders.ts';
import { replacing } from '../../support/memory-buckets.ts';
import { outcomeLog } from '../../support/outcome-log.ts';
import { ScriptedCopier } from '../../support/scripted-copier.ts';
import { keysOf, Workplace } from './working.ts';

const many = Array.from({ length: 50 }, (_, index) =>
  aBatch([aFile(`${index}a`), aFile(`${index}b`)], { batch: `0000-${index}` }),
);
const slowRetries = { filesInFlight: 1, messagesHeld: 2, retryBaseSeconds: 1 };

describe('a worker whose destination is full', () => {
  test('stops receiving, says so once, uses up no attempt, and goes on when there is room', async () => {
    const place = new Workplace();
    await place.send(...many);
    let full = true;
    const copier = new ScriptedCopier(() => (full ? 'blocked' : 'copied'));
    const worker = place.start(copier, slowRetries);
    await place.clock.advance(600_000);
    expect(place.events().filter((event) => event === 'store-blocked')).toHaveLength(1);
    expect(copier.copies.length).toBeGreaterThan(5);
    expect(copier.copies.length).toBeLessThan(20);
    full = false;
    await place.finish(worker);
    const { rows } = await outcomeLog(place.jobStore, 'migrations/m');
    const copied = rows.filter(({ outcome }) => outcome === 'copied');
    expect(copied.map(({ key }) => key).toSorted()).toEqual(keysOf(many));
    expect(new Set(copied.map(({ attempt }) => attempt))).toEqual(new Set([1]));
  });

  test('copies the others while there is no room for one object, which alone uses up attempts', async () => {
    const place = new Workplace();
    await place.send(...many);
    const copier = new ScriptedCopier((key) => (key === '7a' ? 'blocked' : 'copied'));
    const worker = place.start(copier, slowRetries);
    await place.clock.advance(600_000);
    worker.drain();
    await place.passUntil(worker.done);
    const { rows } = await outcomeLog(place.jobStore, 'migrations/m');
    expect(rows.filter(({ outcome }) => outcome === 'copied')).toHaveLength(99);
    expect(rows.filter(({ attempt }) => attempt > 1).map(({ key }) => key)).toContain('7a');
    expect(keysOf(await place.left())).toEqual(['7a']);
  });
});

test('a worker whose machine fails it gives everything back, without counting an attempt, and ends', async () => {
  const place = new Workplace();
  await place.send(...many.slice(0, 3));
  const copier = new ScriptedCopier(async (key, _, signal) => {
    if (key === '0b') return 'unfit';
    await place.clock.sleep(60_000, signal);
    return signal.aborted ? 'stopped' : 'copied';
  });
  const worker = place.start(copier);
  const ended = expect(worker.done).rejects.toThrow(WorkerUnfit);
  await place.passUntil(worker.done.catch(() => undefined));
  await ended;
  const left = await place.left();
  expect(keysOf(left)).toEqual(keysOf(many.slice(0, 3)));
  expect(new Set(left.map(({ attempt }) => attempt))).toEqual(new Set([1]));
  expect(place.events()).toContain('worker-unfit');
});

test('a worker that cannot put outcomes on record does not copy the same objects over and over', async () => {
  const place = new Workplace();
  await place.send(...many.slice(0, 1));
  const copier = new ScriptedCopier();
  let full = true;
  const jobStore = replacing(place.jobStore, {
    write: async (path, bytes, options) => {
      if (full) throw new Error('ENOSPC: no space left on device');
      return place.jobStore.write(path, bytes, options);
    },
  });
  const worker = place.start(copier, {}, { jobStore });
  await place.clock.advance(600_000);
  expect(copier.copies.length).toBeGreaterThan(10);
  expect(copier.copies.length).toBeLessThan(50);
  full = false;
  await place.finish(worker);
});
