import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readRcloneError } from '../../../adapters/rclone/rclone-errors.ts';
import { endingFor } from '../../../core/transfer/copy-failure.ts';

/**
 * What rclone 1.60.1 and 1.75.2 really said: captured from their remote control while an S3 server on
 * loopback answered a copy with the fault named.
 */
const capturedErrors = readFileSync(new URL('./captured-errors.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line): { from: string; side: string; means: string; text: string } => JSON.parse(line));

describe('an error of rclone', () => {
  it.each(capturedErrors)('of $from is of side $side and means $means', ({ side, means, text }) => {
    expect(readRcloneError(text)).toEqual({ side, meaning: means });
  });

  it('of no known form is worth another attempt', () => {
    expect(readRcloneError('the moon is full')).toEqual({ side: 'unknown', meaning: 'transient' });
  });

  it('about credentials that are nowhere to be found stops the migration', () => {
    const text =
      'failed to open source object: operation error S3: GetObject, get identity: get credentials: failed to refresh cached credentials, no EC2 IMDS role found';
    expect(readRcloneError(text)).toEqual({ side: 'source', meaning: 'credential' });
  });

  it.each([
    ['source', 'missing', { result: 'exception', kind: 'source-missing' }],
    ['source', 'changed', { result: 'retry', side: 'source' }],
    ['source', 'key-refused', { result: 'exception', kind: 'source-denied' }],
    ['destination', 'key-refused', { result: 'blocked', side: 'destination' }],
    ['source', 'rejected', { result: 'exception', kind: 'exhausted' }],
    ['source', 'blocked', { result: 'blocked', side: 'source' }],
    ['unknown', 'blocked', { result: 'blocked', side: 'unknown' }],
    ['unknown', 'unfit', { result: 'unfit', side: 'unknown' }],
    ['unknown', 'throttled', { result: 'throttled', side: 'unknown' }],
    ['source', 'denied', { result: 'exception', kind: 'source-denied' }],
    ['source', 'archived', { result: 'exception', kind: 'source-archived' }],
    ['source', 'credential', { result: 'credential', side: 'source' }],
    ['source', 'throttled', { result: 'throttled', side: 'source' }],
    ['source', 'too-large', { result: 'exception', kind: 'exhausted' }],
    ['source', 'unclear', { result: 'retry', side: 'source' }],
    ['destination', 'denied', { result: 'exception', kind: 'destination-denied' }],
    ['destination', 'too-large', { result: 'exception', kind: 'too-large' }],
    ['destination', 'rejected', { result: 'exception', kind: 'unrepresentable' }],
    ['destination', 'credential', { result: 'credential', side: 'destination' }],
    ['destination', 'throttled', { result: 'throttled', side: 'destination' }],
    ['destination', 'missing', { result: 'retry', side: 'destination' }],
    ['destination', 'archived', { result: 'retry', side: 'destination' }],
    ['destination', 'mismatch', { result: 'retry', side: 'destination' }],
    ['unknown', 'denied', { result: 'retry', side: 'unknown' }],
    ['unknown', 'transient', { result: 'retry', side: 'unknown' }],
  ] as const)('of the %s that means %s ends an attempt as it should', (side, meaning, ending) => {
    expect(endingFor(meaning, side, 'why')).toEqual({ ...ending, reason: 'why' });
  });
});
