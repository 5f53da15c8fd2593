import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { storeError } from '../adapters/aws/s3-errors.ts';
import { readRcloneError } from '../adapters/rclone/rclone-errors.ts';
import { type CopyEnding, endingFor, endingOf } from '../core/transfer/copy-failure.ts';
import { failureTable } from '../core/transfer/failure-table.ts';

const page = readFileSync(new URL('../docs/failures.md', import.meta.url), 'utf8');

/** The rows of the table whose first heading is this one, each cell as it stands. */
function rowsUnder(heading: string): string[][] {
  const lines = page.split('\n');
  const at = lines.findIndex((line) => line.startsWith(`| ${heading} |`));
  const after = lines.slice(at + 2);
  const end = after.findIndex((line) => !line.startsWith('|'));
  return after.slice(0, end).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

const named = (cell = ''): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);

type Side = 'source' | 'destination';

/** An answer in the words of each tool. [measured: test/adapters/rclone/captured-errors.jsonl] */
const answerIn = {
  'rclone 1.60': (status: number, code: string, side: Side) => {
    const prefix = side === 'source' ? 'failed to open source object: ' : '';
    return ofRclone(`${prefix}${code}: said\n\tstatus code: ${status}, request id: R1, host id: `, side);
  },
  'rclone 1.75': (status: number, code: string, side: Side) => {
    const [prefix, operation] =
      side === 'source' ? ['failed to open source object: ', 'GetObject'] : ['', 'PutObject'];
    const text = `${prefix}operation error S3: ${operation}, https response error StatusCode: ${status}, RequestID: R1, HostID: , api error ${code}: said`;
    return ofRclone(text, side);
  },
  'the SDK': (status: number, code: string, side: Side) => {
    const thrown = { name: code, message: 'said', $metadata: { httpStatusCode: status } };
    return endingOf(storeError(thrown, 'us-east-1'), side);
  },
};

/** That nothing came back, in the words of each tool. */
const silenceIn = {
  'rclone 1.60': (text: string, _: string, side: Side) => {
    const [prefix, verb] =
      side === 'source'
        ? ['failed to open source object: RequestError: send request failed\ncaused by: ', 'Get']
        : ['', 'Put'];
    return ofRclone(`${prefix}${verb} "http://192.0.2.1/bucket/key": dial tcp 192.0.2.1:80: ${text}`, side);
  },
  'rclone 1.75': (text: string, _: string, side: Side) => {
    const [prefix, operation, verb] =
      side === 'source' ? ['failed to open source object: ', 'GetObject', 'Get'] : ['', 'PutObject', 'Put'];
    const words = `${prefix}operation error S3: ${operation}, exceeded maximum number of attempts, 1, https response error StatusCode: 0, RequestID: , HostID: , request send failed, ${verb} "http://192.0.2.1/bucket/key?x-id=${operation}": ${text}`;
    return ofRclone(words, side);
  },
  'the SDK': (_: string, code: string, side: Side) =>
    endingOf(
      storeError({ name: code === 'TimeoutError' ? code : 'Error', code, message: 'said' }, 'us-east-1'),
      side,
    ),
};

function ofRclone(text: string, side: Side): CopyEnding {
  const read = readRcloneError(text);
  // A body that breaks off may be the fault of either.
  expect([side, 'unknown']).toContain(read.side);
  return endingFor(read.meaning, read.side, text);
}

const verdictOf = (ending: CopyEnding): string =>
  ending.result === 'exception' ? ending.kind : ending.result;

describe('docs/failures.md, of an answer', () => {
  const rows = rowsUnder('Answer').flatMap(([answers, meaning = '', source, destination]) =>
    named(answers).map((answer) => ({
      answer,
      meaning,
      source: named(source)[0],
      destination: named(destination)[0],
    })),
  );

  it('has rows, each answer once', () => {
    expect(rows.length).toBeGreaterThan(50);
    expect(new Set(rows.map(({ answer }) => answer)).size).toBe(rows.length);
  });

  it.each(rows)('tells what $answer ends in', ({ answer, meaning, source, destination }) => {
    const [status, code = ''] = answer.split(' ');
    expect({ source, destination }).toEqual(failureTable[meaning as keyof typeof failureTable]);
    for (const [tool, say] of Object.entries(answerIn)) {
      const ends = (side: Side) => [tool, side, verdictOf(say(Number(status), code, side))];
      expect(ends('source')).toEqual([tool, 'source', source]);
      expect(ends('destination')).toEqual([tool, 'destination', destination]);
    }
  });
});

describe('docs/failures.md, of no answer', () => {
  const rows = rowsUnder('rclone').map(([text, code, meaning, verdict]) => ({
    text: named(text)[0] ?? '',
    code: named(code)[0] ?? '',
    meaning: meaning ?? '',
    verdict: named(verdict)[0],
  }));

  it('has rows', () => expect(rows.length).toBeGreaterThan(20));

  it.each(rows)('tells what "$text", or $code, ends in', ({ text, code, meaning, verdict }) => {
    expect(failureTable[meaning as keyof typeof failureTable].source).toBe(verdict);
    for (const [tool, say] of Object.entries(silenceIn))
      for (const side of ['source', 'destination'] as const)
        expect([tool, side, verdictOf(say(text, code, side))]).toEqual([tool, side, verdict]);
  });
});

it('docs/failures.md says what happens for everything that a failure can end in', () => {
  const explained = rowsUnder('Verdict').flatMap(([verdicts]) => named(verdicts));
  const possible = Object.values(failureTable).flatMap(({ source, destination }) => [source, destination]);
  expect(explained.toSorted()).toEqual([...new Set<string>(possible)].toSorted());
});

it.each(['write /data/1.dat: no space left on device', 'disk quota exceeded'])(
  'a store that answers 500 InternalError for "%s" is full, and no worker is unfit',
  (message) => {
    const text = `operation error S3: PutObject, https response error StatusCode: 500, RequestID: R1, HostID: , api error InternalError: ${message}`;
    expect(readRcloneError(text)).toEqual({ side: 'destination', meaning: 'blocked' });
    const thrown = { name: 'InternalError', message, $metadata: { httpStatusCode: 500 } };
    expect(endingOf(storeError(thrown, 'us-east-1'), 'destination')).toMatchObject({ result: 'blocked' });
  },
);
