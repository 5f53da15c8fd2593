import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Decided, openDecider } from '../../../core/inventory/decide-row.ts';
import type { ObjectSummary } from '../../../core/inventory/inventory-row.ts';
import type { MigrationPlan } from '../../../core/migration.ts';
import { compileRoutes } from '../../../core/rules/route.ts';
import { compileSelect } from '../../../core/rules/select.ts';
import { aPlan, type RequestChanges } from '../../support/builders.ts';
import { closeKey, sameEveryRun } from '../../support/hard-keys.ts';
import { bucketOf, inPagesOf, listed, type Texts } from '../../support/memory-buckets.ts';

type DecidedKey = Decided & ObjectSummary;

/** Decides for every source object, as the lister does. */
async function decided(
  plan: MigrationPlan,
  texts: { source: Texts; destination?: Texts },
  options: { pageSize?: number; from?: number; destinationWrittenAtMs?: number } = {},
): Promise<DecidedKey[]> {
  const { pageSize = 1000, from = 0, destinationWrittenAtMs = 1000 } = options;
  const source = inPagesOf(pageSize, await bucketOf(texts.source, 1000));
  const destination = inPagesOf(pageSize, await bucketOf(texts.destination, destinationWrittenAtMs));
  const objects = await listed(source, plan.request.source.prefix);
  const { decide } = openDecider(plan, source, destination, {
    after: objects[from - 1]?.key ?? null,
    upTo: null,
  });
  const rows: DecidedKey[] = [];
  for (const object of objects.slice(from)) rows.push({ ...object, ...(await decide(object)) });
  return rows;
}

const byKey = (rows: DecidedKey[]) => Object.fromEntries(rows.map(({ key, decision }) => [key, decision]));

describe('an object', () => {
  test.each<[string, RequestChanges, Texts, Texts, string]>([
    ['that the destination does not have is transferred', {}, { a: 'x' }, { b: 'x' }, 'transfer'],
    ['that it has is unchanged', {}, { a: 'x' }, { a: 'x' }, 'unchanged'],
    ['of which it has other bytes is transferred', {}, { a: 'x' }, { a: 'y' }, 'transfer'],
    ['of which it has another size is transferred', {}, { a: 'x' }, { a: 'xx' }, 'transfer'],
    [
      'is looked for under the prefix',
      { destination: { prefix: 'p/' } },
      { a: 'x' },
      { 'p/a': 'x' },
      'unchanged',
    ],
    [
      'under its own key says nothing there',
      { destination: { prefix: 'p/' } },
      { a: 'x' },
      { a: 'x' },
      'transfer',
    ],
    [
      'is looked for under its new name',
      { rules: [{ match: '**', rename: { prefix: 'a', to: 'b' } }] },
      { a1: 'x' },
      { b1: 'x' },
      'unchanged',
    ],
    ['is kept where the request says so', { existing: 'keep' }, { a: 'x' }, { a: 'yy' }, 'kept'],
    ['is replaced where the request says so', { existing: 'replace' }, { a: 'x' }, { a: 'x' }, 'transfer'],
    ['that is not selected is excluded', { select: { exclude: ['a'] } }, { a: 'x' }, {}, 'excluded'],
    [
      'that is not selected is excluded, also where its name would not do',
      { select: { exclude: ['a'] }, destination: { prefix: 'p'.repeat(1024) } },
      { a: 'x' },
      {},
      'excluded',
    ],
  ])('%s', async (_, request, source, destination, decision) => {
    expect(Object.values(byKey(await decided(aPlan(request), { source, destination })))).toEqual([decision]);
  });

  test('of equal size is unchanged when ETags prove nothing and the copy is not older', async () => {
    const plan = aPlan({}, { sourceEtagIsMd5: false });
    const texts = { source: { a: 'x' }, destination: { a: 'y' } };
    expect(byKey(await decided(plan, texts, { destinationWrittenAtMs: 1000 }))).toEqual({ a: 'unchanged' });
    expect(byKey(await decided(plan, texts, { destinationWrittenAtMs: 999 }))).toEqual({ a: 'transfer' });
  });
});

describe('a name that the destination cannot hold', () => {
  test.each([
    [1024, 'transfer', undefined],
    [1025, 'exception', 'the destination key would have 1025 bytes; S3 takes 1024 at most'],
  ])('of %d bytes ends in: %s', async (bytes, decision, reason) => {
    const key = 'é'.repeat(20);
    const plan = aPlan({ destination: { prefix: 'p'.repeat(bytes - 40) } });
    const [row] = await decided(plan, { source: { [key]: 'x' } });
    expect(row).toMatchObject({ decision });
    expect(row?.reason).toBe(reason);
    expect(row?.kind).toBe(reason === undefined ? undefined : 'unrepresentable');
  });

  test('because nothing is left of it is an exception, such as a folder marker whose folder is renamed away', async () => {
    const plan = aPlan({ rules: [{ match: '**', rename: { prefix: 'raw/', to: '' } }] });
    const rows = await decided(plan, { source: { 'raw/': '', 'raw/a': 'x' } });
    expect(rows).toMatchObject([
      {
        key: 'raw/',
        decision: 'exception',
        kind: 'unrepresentable',
        reason: 'its rename leaves nothing of the destination key; S3 keys have 1 byte at least',
      },
      { key: 'raw/a', decision: 'transfer' },
    ]);
  });
});

describe('two objects that lead to one name', () => {
  const rules = [
    { match: 'a/**', rename: { prefix: 'a/', to: 'c/' } },
    { match: 'b/**', rename: { prefix: 'b/', to: 'c/' } },
  ];

  test('the one that keeps its name wins, then the earlier rule', async () => {
    const rows = await decided(aPlan({ destination: { prefix: 'p/' }, rules }), {
      source: { 'a/1': 'x', 'a/2': 'x', 'b/1': 'x', 'b/2': 'x', 'b/3': 'x', 'c/1': 'x' },
    });
    expect(byKey(rows)).toEqual({
      'a/1': 'exception',
      'a/2': 'transfer',
      'b/1': 'exception',
      'b/2': 'exception',
      'b/3': 'transfer',
      'c/1': 'transfer',
    });
    expect(rows.find(({ key }) => key === 'b/2')).toMatchObject({
      kind: 'unrepresentable',
      reason: 'its rename leads to "p/c/2", where "a/2" goes too',
    });
  });

  test('are none where the other is not selected or not under the source prefix', async () => {
    const source = { 'a/1': 'x', 'a/2': 'x', 'c/1': 'x', 'c/2': 'x' };
    const excluding = aPlan({ rules, select: { exclude: ['c/1'] } });
    expect(byKey(await decided(excluding, { source }))).toMatchObject({
      'a/1': 'transfer',
      'a/2': 'exception',
    });
    const elsewhere = aPlan({ rules, source: { prefix: 'a/' } });
    expect(byKey(await decided(elsewhere, { source }))).toEqual({ 'a/1': 'transfer', 'a/2': 'transfer' });
  });
});

const rules = fc.array(
  fc.record({
    match: fc.constantFrom('**', 'a*', '**/*'),
    rename: fc.record({ prefix: closeKey(2), to: fc.oneof(fc.constant(''), closeKey(2)) }),
  }),
  { maxLength: 3 },
);
const texts = fc.dictionary(closeKey(3), fc.constantFrom('', 'x', 'y', 'xx'), { maxKeys: 25 });
const select = fc.constantFrom({}, { minBytes: 1 }, { exclude: ['*a*'] });

test('every name is given to exactly one of the objects that lead to it, whatever the rules', async () => {
  await fc.assert(
    fc.asyncProperty(
      rules,
      select,
      texts,
      texts,
      fc.constantFrom('', 'p/'),
      fc.integer({ min: 1, max: 5 }),
      async (rules, select, source, destination, prefix, pageSize) => {
        const plan = aPlan({ rules, select, destination: { prefix } });
        const rows = await decided(plan, { source, destination }, { pageSize });
        const router = compileRoutes(plan.request);
        const isSelected = (object: ObjectSummary) => compileSelect(plan.request.select)(object) === null;
        const selected = rows.filter(isSelected);
        expect(rows.filter(({ decision }) => decision !== 'excluded')).toEqual(selected);
        const claims = Map.groupBy(selected, ({ key }) => router.route(key).to);
        for (const [to, claimants] of claims) {
          const order = claimants.toSorted(
            (a, b) => router.route(a.key).renamedBy - router.route(b.key).renamedBy,
          );
          const [winner, ...losers] = order;
          for (const loser of losers) expect(loser.decision).toBe('exception');
          const there = destination[to];
          const expected =
            to === '' ? 'exception' : there === source[winner?.key ?? ''] ? 'unchanged' : 'transfer';
          expect(winner?.decision).toBe(expected);
        }
      },
    ),
    { ...sameEveryRun, numRuns: 300 },
  );
});

test('a lister that goes on decides as one that was never interrupted', async () => {
  await fc.assert(
    fc.asyncProperty(
      rules,
      texts,
      texts,
      fc.nat(),
      fc.integer({ min: 1, max: 5 }),
      async (rules, source, destination, at, pageSize) => {
        const plan = aPlan({ rules });
        const whole = await decided(plan, { source, destination }, { pageSize });
        const from = at % (whole.length + 1);
        expect(await decided(plan, { source, destination }, { pageSize, from })).toEqual(whole.slice(from));
      },
    ),
    { ...sameEveryRun, numRuns: 150 },
  );
});
