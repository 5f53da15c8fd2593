import { describe, expect, test } from 'vitest';
import { aBatch, aFile } from '../../support/builders.ts';
import { outcomeLog } from '../../support/outcome-log.ts';
import { ScriptedCopier } from '../../support/scripted-copier.ts';
import { keysOf, Workplace } from './working.ts';

const folder = 'migrations/m';
const batchOf = (...keys: string[]) => aBatch(keys.map((key) => aFile(key)));
const outcomesOf = async (place: Workplace) =>
  (await outcomeLog(place.jobStore, folder)).rows.map(
    ({ key, attempt, outcome }) => `${key} ${attempt} ${outcome}`,
  );

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
