import { expect, test } from 'vitest';
import { jobLayout, shardName } from '../../core/job-layout.ts';
import { keysInOrder } from '../support/hard-keys.ts';

/** The longest input of a Step Functions state, in bytes. [src: Step Functions quotas] */
const payloadBytes = 262_144;

const names = Array.from({ length: 32_000 }, (_, index) => shardName(index));

test('the shards of eight billion objects fit the payload of a state by their names', () => {
  const payload = JSON.stringify({
    migration: 'm'.repeat(80),
    folder: jobLayout.passFolder('m'.repeat(80), 999),
    round: 11,
    shards: names,
  });
  expect(Buffer.byteLength(payload)).toBeLessThan(payloadBytes);
});

test('shard names sort as their numbers do, and no two are the same', () => {
  expect(keysInOrder(names)).toEqual(names);
  expect([names[0], names[35], names[36], names.at(-1)]).toEqual(['0000', '000z', '0010', '0oov']);
});

test('a later pass has a folder inside that of the first', () => {
  expect(jobLayout.passFolder('m', 1)).toBe('migrations/m');
  expect(jobLayout.passFolder('m', 2)).toBe('migrations/m/pass-2');
});

test('no two files of a migration have one path, and each lies in its folder', () => {
  const folder = 'migrations/m';
  const paths = [
    jobLayout.plan(folder),
    jobLayout.checkpoint(folder),
    jobLayout.listing(folder),
    jobLayout.listingError(folder),
    jobLayout.verdict(folder),
    jobLayout.report(folder),
    jobLayout.reportPage(folder),
    jobLayout.exceptions(folder),
    ...[0, 1, 10].flatMap((number) => [
      jobLayout.outcomeFile(folder, 'w', number),
      jobLayout.outcomeFile(folder, 'w-1', number),
    ]),
    ...['0000', '0001'].flatMap((shard) => [
      jobLayout.shardSummary(folder, shard),
      jobLayout.verification(folder, shard),
      jobLayout.findings(folder, shard),
      ...[0, 1, 10].flatMap((number) => [
        jobLayout.shardPiece(folder, shard, number),
        jobLayout.shardExceptionFile(folder, shard, 'w', number),
        jobLayout.shardExceptionFile(folder, shard, 'w-1', number),
      ]),
    ]),
  ];
  expect(new Set(paths).size).toBe(paths.length);
  expect(
    paths.filter((path) => !path.startsWith(`${folder}/`) || path.startsWith(`${folder}/pass-`)),
  ).toEqual([]);
});

test.each<[string, string, string]>([
  ['summaries', jobLayout.shardSummaries('f'), jobLayout.shardSummary('f', '0000')],
  ['outcomes', jobLayout.outcomes('f'), jobLayout.outcomeFile('f', 'w', 1)],
  ['exceptions', jobLayout.shardExceptions('f', '0000'), jobLayout.shardExceptionFile('f', '0000', 'w', 1)],
])('all %s of a migration are found under one prefix, in the order of their numbers', (_, prefix, path) => {
  expect(path.startsWith(prefix)).toBe(true);
  expect(jobLayout.shardExceptions('f', '0000').startsWith(jobLayout.shardExceptions('f', '000'))).toBe(
    false,
  );
  expect(jobLayout.outcomeFile('f', 'w', 9) < jobLayout.outcomeFile('f', 'w', 10)).toBe(true);
});
