import { describe, expect, it } from 'vitest';
import { exitCodes, parseOptions } from '../../local/usage.ts';

const options = {
  input: { type: 'string' },
  out: { type: 'string', default: 'drover-runs' },
  json: { type: 'boolean', default: false },
} as const;

describe('options', () => {
  it.each([
    [[], { out: 'drover-runs', json: false }],
    [['--input', 'a.json', '--json'], { input: 'a.json', out: 'drover-runs', json: true }],
    [['--out=x y', '--input=a'], { input: 'a', out: 'x y', json: false }],
  ])('%j are understood', (argv, expected) => {
    expect({ ...parseOptions(argv, options) }).toEqual(expected);
  });

  it.each([
    [['--inputs', 'a'], '--inputs'],
    [['--input'], '--input'],
    [['--json=yes'], '--json'],
    [['request.json'], 'request.json'],
    [['-x'], '-x'],
  ])('%j are refused, with the word that is wrong and where to look', (argv, word) => {
    expect(() => parseOptions(argv, options)).toThrow(
      expect.objectContaining({ name: 'UsageError', message: expect.stringContaining(word) }),
    );
    expect(() => parseOptions(argv, options)).toThrow(/Try "drover help"\.$/);
  });
});

it('every way to end has an exit code of its own', () => {
  expect(exitCodes).toEqual({
    succeeded: 0,
    failed: 1,
    wrongRequest: 2,
    finishedWithExceptions: 3,
    stopped: 130,
  });
});
