import { expect, test } from 'vitest';
import { openCommitGroup } from '../../../core/inventory/commit-group.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Writes that end when the test says so. */
function opened() {
  const writes: { end(): void; fail(error: Error): void }[] = [];
  const { commit } = openCommitGroup(
    () =>
      new Promise<void>((resolve, reject) => {
        writes.push({ end: resolve, fail: reject });
      }),
  );
  const settled: string[] = [];
  const ask = (name: string) =>
    commit().then(
      () => settled.push(name),
      (error: Error) => settled.push(`${name}: ${error.message}`),
    );
  return { writes, settled, ask };
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
