import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { overlap } from '../../core/overlap.ts';
import { compileRoutes } from '../../core/rules/route.ts';
import { aRequest } from '../support/builders.ts';
import { closeKey, sameEveryRun } from '../support/hard-keys.ts';

const rename = (prefix: string, to: string) => [{ match: '**', rename: { prefix, to } }];

describe('a migration within one bucket', () => {
  test.each<[string, { from?: string; to?: string; rules?: object[] }, boolean]>([
    ['onto itself overlaps', {}, true],
    ['from everything to a prefix overlaps: the copies would be listed', { to: 'copy/' }, true],
    ['from a prefix to the same names overlaps', { from: 'a/' }, true],
    ['from a prefix to beside it does not', { from: 'a/', to: 'b/' }, false],
    ['from a prefix to where it begins again overlaps', { from: 'a', to: 'ab/' }, true],
    ['from a prefix to below it overlaps', { from: 'a/', to: 'a/' }, true],
    [
      'renamed within a prefix beside the source does not',
      { from: 'a/', to: 'b/', rules: rename('a/', '') },
      false,
    ],
    ['renamed below the source overlaps', { from: 'b/a/', to: 'b/', rules: rename('b/a/x', 'a/y') }, true],
    [
      'renamed to the beginning of the source prefix overlaps',
      { from: 'b/a/', to: 'b/', rules: rename('b/a/', '') },
      true,
    ],
    ['renamed beside the source does not', { from: 'b/a/', to: 'c/', rules: rename('b/a/', '') }, false],
  ])('%s', (_, { from = '', to = '', rules = [] }, overlaps) => {
    const request = aRequest({
      source: { bucket: 'archive', prefix: from },
      destination: { prefix: to },
      rules,
    });
    const endpoints = { source: 'https://s.example.com', destination: 'https://s.example.com' };
    const problem = overlap(request, endpoints);
    if (overlaps)
      expect(problem).toBe(
        `destination.bucket is "archive" with prefix "${to}", which overlaps the source (the same bucket, prefix "${from}"): the migration would list its own output. Choose another bucket, or prefixes of which neither begins with the other.`,
      );
    else expect(problem).toBeNull();
  });
});

test('where no overlap is found, no key leads to a place that the source lists', () => {
  const text = fc.oneof(fc.constant(''), closeKey(2));
  const rules = fc.array(
    fc.record({ match: fc.constant('**'), rename: fc.record({ prefix: closeKey(2), to: text }) }),
    { maxLength: 2 },
  );
  let clear = 0;
  fc.assert(
    fc.property(text, text, rules, fc.array(text, { minLength: 5 }), (from, to, renames, rests) => {
      const request = aRequest({
        source: { bucket: 'archive', prefix: from },
        destination: { prefix: to },
        rules: renames,
      });
      if (overlap(request, { source: null, destination: null }) !== null) return;
      clear += 1;
      const { route } = compileRoutes(request);
      expect(rests.map((rest) => route(from + rest).to).filter((key) => key.startsWith(from))).toEqual([]);
    }),
    { ...sameEveryRun, numRuns: 2000 },
  );
  expect(clear).toBeGreaterThan(300);
});

describe('two buckets of one name', () => {
  const request = aRequest({ source: { bucket: 'archive' } });

  test.each<[string | null, string | null, boolean]>([
    [null, null, true],
    [null, 'https://s3.amazonaws.com', true],
    [null, 'https://s3.eu-central-1.amazonaws.com', true],
    ['https://s3-us-west-2.amazonaws.com', 'https://archive.s3.dualstack.us-east-1.amazonaws.com', true],
    ['https://s3.cn-north-1.amazonaws.com.cn', null, true],
    [null, 'https://s3.us-south.example.com', false],
    ['https://notamazonaws.com', null, false],
    ['https://a.example.com', 'https://b.example.com', false],
    ['https://a.example.com', 'https://A.example.com/', true],
    ['https://a.example.com', 'https://a.example.com:443', true],
    ['http://a.example.com', 'http://a.example.com:80', true],
    ['a.example.com', 'https://a.example.com', true],
    ['https://a.example.com', 'https://a.example.com:9000', false],
    ['http://localhost:9000', 'http://127.0.0.1:9000', true],
    ['http://[::1]:9000', 'http://localhost:9000', true],
    ['http://localhost:9000', 'http://localhost:9001', false],
    ['http://::', 'http://::', true],
  ])('at %s and %s: one place is %s', (source, destination, same) => {
    expect(overlap(request, { source, destination }) !== null).toBe(same);
  });

  test('of other names never overlap', () => {
    expect(overlap(aRequest(), { source: null, destination: null })).toBeNull();
  });
});
