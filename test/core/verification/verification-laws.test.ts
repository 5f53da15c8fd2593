import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ExceptionKind } from '../../../core/transfer/outcome.ts';
import { accountedFor } from '../../../core/verification/verdict.ts';
import { closeKey, sameEveryRun } from '../../support/hard-keys.ts';
import { putText, type Texts, textsOf } from '../../support/memory-buckets.ts';
import { aScene, verifyAll } from './verification-runs.ts';

const tally = (objects: number, bytes: number) => ({ objects, bytes });
const none = tally(0, 0);

type Expected = { outcome: string; kind?: ExceptionKind };

/** What is right for one key, told without ranges, shards, listings or ETags. */
function expectedOf(
  key: string,
  texts: { listed: Texts; now: Texts; before: Texts; there: Texts },
  mayRepair: boolean,
): Expected {
  const { listed, now, before, there } = texts;
  if (listed[key] === '') return { outcome: 'excluded' };
  if (there[key] !== undefined && there[key] === listed[key])
    return { outcome: before[key] === listed[key] ? 'unchanged' : 'copied' };
  if (now[key] === undefined) return { outcome: 'exception', kind: 'source-missing' };
  if (now[key] !== listed[key]) {
    if (there[key] === now[key]) return { outcome: 'exception', kind: 'source-changed' };
    return mayRepair ? { outcome: 'repair' } : { outcome: 'exception', kind: 'source-changed' };
  }
  if (mayRepair) return { outcome: 'repair' };
  return { outcome: 'exception', kind: there[key] === undefined ? 'exhausted' : 'corrupt' };
}

test('whatever both sides hold, every key has one outcome, the right one, and the sums meet', async () => {
  const text = fc.constantFrom('', 'x', 'y', 'zz');
  const texts = fc.dictionary(closeKey(3), text, { maxKeys: 25, size: 'max' });
  await fc.assert(
    fc.asyncProperty(
      texts,
      texts,
      texts,
      texts,
      fc.record({ pageSize: fc.integer({ min: 1, max: 5 }), shardRows: fc.integer({ min: 1, max: 8 }) }),
      fc.boolean(),
      async (source, before, after, overwritten, sizes, mayRepair) => {
        const scene = await aScene(
          { source, before, after },
          { select: { minBytes: 1 }, verify: { repairRounds: mayRepair ? 1 : 0 } },
          sizes,
        );
        const now: Record<string, string> = { ...source };
        for (const [key, text] of Object.entries(overwritten)) {
          if (text === '') {
            delete now[key];
            await scene.source.delete(key);
          } else if (key in now) {
            now[key] = text;
            await putText(scene.source, key, text);
          }
        }
        const there = { ...before, ...after };
        const { verdict, findings, rows, shards } = await verifyAll(scene);
        const expected = new Map(
          Object.keys(source).map((key) => [
            key,
            expectedOf(key, { listed: source, now, before, there }, mayRepair),
          ]),
        );
        for (const outcome of ['copied', 'unchanged', 'excluded', 'exception', 'repair'] as const) {
          const keys = [...expected].filter(([, each]) => each.outcome === outcome).map(([key]) => key);
          const bytes = keys.reduce((sum, key) => sum + Buffer.byteLength(source[key] ?? ''), 0);
          expect([outcome, verdict.outcomes[outcome]]).toEqual([outcome, tally(keys.length, bytes)]);
        }
        expect(accountedFor(verdict)).toEqual(
          tally(
            rows.length,
            rows.reduce((sum, row) => sum + row.sizeBytes, 0),
          ),
        );
        for (const finding of findings) {
          const { outcome, kind } = expected.get(finding.key) ?? expect.fail();
          expect([finding.key, finding.action]).toEqual([finding.key, outcome]);
          if (finding.action === 'exception') expect(finding.kind).toBe(kind);
        }
        const { copied, unchanged, exception, repair } = verdict.outcomes;
        expect(findings).toHaveLength(exception.objects + repair.objects);
        expect(verdict.provenByChecksum).toBe(copied.objects + unchanged.objects);
        expect(Object.values(verdict.exceptionKinds).reduce((sum, count) => sum + count, 0)).toBe(
          exception.objects,
        );
        expect(verdict.extra).toBe(Object.keys(there).filter((key) => !(key in source)).length);
        const unlike = [...expected].filter(
          ([, { outcome }]) => outcome === 'repair' || outcome === 'exception',
        );
        expect(verdict.missing).toBe(unlike.filter(([key]) => there[key] === undefined).length);
        expect(verdict.different).toBe(
          unlike.filter(
            ([key, { kind }]) =>
              there[key] !== undefined && !(kind === 'source-changed' && there[key] === now[key]),
          ).length,
        );
        expect(shards.reduce((sum, shard) => sum + shard.repaired, 0)).toBe(repair.objects);
      },
    ),
    { ...sameEveryRun, numRuns: 150 },
  );
});

test('what is verified is what the next run leaves alone, under any rules', async () => {
  const texts = fc.dictionary(closeKey(3), fc.constantFrom('x', 'y', 'zz'), { maxKeys: 20, size: 'max' });
  const rules = fc.constantFrom(
    [],
    [{ match: '**', rename: { prefix: 'a', to: 'b' } }],
    [
      { match: '**', rename: { prefix: 'a', to: '' } },
      { match: '*/*', rename: { prefix: 'b', to: 'c/' } },
    ],
  );
  await fc.assert(
    fc.asyncProperty(
      texts,
      texts,
      rules,
      fc.record({ pageSize: fc.integer({ min: 1, max: 5 }), shardRows: fc.integer({ min: 1, max: 8 }) }),
      async (source, before, rules, sizes) => {
        const request = { rules, destination: { prefix: 'p/' } };
        const scene = await aScene({ source, before }, request, sizes);
        const { verdict, findings } = await verifyAll(scene);
        for (const finding of findings)
          if (finding.action === 'repair')
            await putText(scene.destination, finding.file.to, source[finding.key] ?? '');
        const repaired = await verifyAll(scene, { round: 2 });
        expect(repaired.verdict.outcomes.repair).toEqual(none);
        expect(repaired.verdict.outcomes.exception).toEqual(verdict.outcomes.exception);
        const left = await textsOf(scene.destination);
        const again = await aScene({ source, before: left }, request, sizes);
        const { rows } = await verifyAll(again);
        expect(rows.filter(({ decision }) => decision === 'transfer')).toEqual([]);
      },
    ),
    { ...sameEveryRun, numRuns: 50 },
  );
});
