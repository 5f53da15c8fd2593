import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { openDecider } from '../../../core/inventory/decide-row.ts';
import { StoreError } from '../../../core/store-error.ts';
import { anObject, aPlan } from '../../support/builders.ts';
import { ListedObjects } from '../../support/listed-objects.ts';

test('a lister that goes on reads the destination from where it is, not from the beginning', async () => {
  const destination = new ListedObjects(['p/a', 'p/b', 'p/c', 'p/d'], 2);
  const source = new ListedObjects([], 2);
  const { decide } = openDecider(aPlan({ destination: { prefix: 'p/' } }), source, destination, {
    after: 'b',
    upTo: null,
  });
  await decide(anObject('c'));
  expect(destination.asked[0]).toEqual({ prefix: 'p/', startAfter: 'p/b' });
  expect(source.asked).toEqual([]);
});

const range = { after: 'b', upTo: null };

test('the destination is asked for its first page before the source has answered, and not again', async () => {
  const destination = new ListedObjects(['a', 'b', 'c', 'd'], 2);
  const { begin, decide } = openDecider(aPlan(), new ListedObjects([], 2), destination, range);
  begin();
  expect(destination.asked).toEqual([{ prefix: '', startAfter: 'b' }]);
  expect(await decide(anObject('c'))).toMatchObject({ decision: 'unchanged' });
  expect(destination.asked).toHaveLength(1);
});

test('what goes wrong with the first page of the destination is told when it is needed', async () => {
  const refused = new StoreError('denied', 'AccessDenied', { code: 'AccessDenied' });
  const destination = { listPage: () => Promise.reject(refused) };
  const { begin, decide } = openDecider(aPlan(), new ListedObjects([], 2), destination, range);
  begin();
  await setImmediate();
  await expect(async () => decide(anObject('c'))).rejects.toBe(refused);
});

test('where rules rename, nothing is asked before it is known where keys go', () => {
  const destination = new ListedObjects(['c'], 2);
  const plan = aPlan({ rules: [{ match: '**', rename: { prefix: 'a/', to: 'b/' } }] });
  openDecider(plan, new ListedObjects([], 2), destination, range).begin();
  expect(destination.asked).toEqual([]);
});

test('pages as bytes are decided for without making objects of them, unless a rule or a selection wants to see those', async () => {
  const open = (changes = {}) =>
    openDecider(aPlan(changes), new ListedObjects([], 2), new ListedObjects([], 2), range);
  expect(open().packed).not.toBeNull();
  expect(open({ destination: { prefix: 'into/' } }).packed).not.toBeNull();
  for (const changes of [
    { select: { exclude: ['*.tmp'] } },
    { select: { include: ['a/**'] } },
    { select: { minBytes: 1 } },
    { select: { maxBytes: 1 } },
    { select: { modifiedAfter: '2026-01-01T00:00:00Z' } },
    { select: { modifiedBefore: '2026-01-01T00:00:00Z' } },
    { rules: [{ match: '**', storageClass: 'GLACIER' }] },
    { destination: { prefix: 'für/' } },
  ])
    expect(open(changes).packed).toBeNull();
});
