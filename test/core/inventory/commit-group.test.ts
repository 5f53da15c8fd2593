import { expect, test } from 'vitest';
import { ManualClock } from '../../../adapters/memory/clock.ts';
import { openCommitGroup } from '../../../core/inventory/commit-group.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Writes that end when the test says so. */
function opened({ leastMs = 0, askers = 100 } = {}) {
  const clock = new ManualClock();
  const writes: { end(): void; fail(error: Error): void }[] = [];
  const { commit } = openCommitGroup(
    () =>
      new Promise<void>((resolve, reject) => {
        writes.push({ end: resolve, fail: reject });
      }),
    { clock, leastMs, askers: () => askers },
  );
  const settled: string[] = [];
  const ask = (name: string) =>
    commit().then(
      () => settled.push(name),
      (error: Error) => settled.push(`${name}: ${error.message}`),
    );
  return { clock, writes, settled, ask };
}

test('whoever asks during a write is served by the next one, together, and never by the one under way', async () => {
  const { writes, settled, ask } = opened();
  ask('a');
  ask('b');
  ask('c');
  expect(writes).toHaveLength(1);
  writes[0]?.end();
  await turn();
  expect(settled).toEqual(['a']);
  expect(writes).toHaveLength(2);
  ask('d');
  writes[1]?.end();
  await turn();
  expect(settled).toEqual(['a', 'b', 'c']);
  writes[2]?.end();
  await turn();
  expect(settled).toEqual(['a', 'b', 'c', 'd']);
  expect(writes).toHaveLength(3);
});

test('nothing is written unless somebody asks', async () => {
  const { writes, ask } = opened();
  expect(writes).toHaveLength(0);
  ask('a');
  writes[0]?.end();
  await turn();
  expect(writes).toHaveLength(1);
});

test('a write that fails fails those it served; the next one is tried all the same', async () => {
  const { writes, settled, ask } = opened();
  ask('a');
  ask('b');
  writes[0]?.fail(new Error('full'));
  await turn();
  expect(settled).toEqual(['a: full']);
  writes[1]?.end();
  await turn();
  expect(settled).toEqual(['a: full', 'b']);
});

test('a record that others may still join waits until its time has come', async () => {
  const { clock, writes, settled, ask } = opened({ leastMs: 20 });
  ask('a');
  writes[0]?.end();
  await turn();
  ask('b');
  await clock.advance(19);
  ask('c');
  expect(writes).toHaveLength(1);
  await clock.advance(1);
  expect(writes).toHaveLength(2);
  writes[1]?.end();
  await turn();
  expect(settled).toEqual(['a', 'b', 'c']);
});

test('a record waits for nobody once everybody has asked for it', async () => {
  const { writes, settled, ask } = opened({ leastMs: 20, askers: 2 });
  ask('a');
  writes[0]?.end();
  await turn();
  ask('b');
  await turn();
  expect(writes).toHaveLength(1);
  ask('c');
  await turn();
  expect(writes).toHaveLength(2);
  writes[1]?.end();
  await turn();
  expect(settled).toEqual(['a', 'b', 'c']);
});

test('a record under way is waited for, even when everybody has asked for the next one', async () => {
  const { writes, ask } = opened({ leastMs: 20, askers: 1 });
  ask('a');
  ask('b');
  await turn();
  expect(writes).toHaveLength(1);
  writes[0]?.end();
  await turn();
  expect(writes).toHaveLength(2);
});
