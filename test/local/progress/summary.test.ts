import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { exceptionAdvice } from '../../../core/transfer/outcome.ts';
import { summarise } from '../../../local/progress/summary.ts';
import { sampleReport } from '../../core/report/sample-report.ts';

const addresses = { html: 'file:///jobs/a/report.html', json: 'file:///jobs/a/report.json' };
const none = { objects: 0, bytes: 0 };
const base = sampleReport();
const linesOf = (text: string) => text.split('\n').map((line) => line.trim());

const exceptions = sampleReport({
  status: 'FINISHED_WITH_EXCEPTIONS',
  outcomes: {
    ...base.outcomes,
    copied: { objects: 2093, bytes: 1_318_554_959_865 },
    exception: { objects: 7, bytes: 7 },
  },
  exceptionKinds: { 'source-denied': 7 },
  exceptions: Array.from({ length: 7 }, (_, at) => ({
    key: `raw/${at}\x1b[31m\n`,
    kind: 'source-denied',
    reason: 'AccessDenied:\x07 Access Denied',
  })),
  exceptionsFile: 'file:///jobs/a/exceptions.jsonl.gz',
});

const failure = sampleReport({
  status: 'FAILED',
  error: { name: 'Stalled', message: 'No key moved for an hour.\nLook at w-1.', state: 'Drain' },
  outcomes: { copied: none, unchanged: none, excluded: none, exception: none },
  verification: { ...base.verification, rounds: 0 },
});

test('a success says the verdict first and then what was copied, proven and where the report is', () => {
  const lines = linesOf(summarise(base, addresses));
  expect(lines[0]).toBe('✓ Every one of 2,143 objects arrived');
  expect(lines).toContain('Copied      2,100  1.20 TiB');
  expect(lines).toContain('Listed      2,143  1.21 TiB');
  expect(lines).toContain(
    '· 2,000 objects (93.3 %) proven by checksum: size and MD5 (of the whole, or of the',
  );
  expect(lines).toContain('Took    1 h 12 min, 291 MiB/s and 0.5 objects/s on average');
  expect(lines).toContain('Report  file:///jobs/a/report.html');
  expect(lines).toContain('file:///jobs/a/report.json');
});

test('exceptions come with advice, the first five keys, how many more there are and where', () => {
  const text = summarise(exceptions, addresses);
  expect(linesOf(text)[0]).toBe('! 2,136 of 2,143 objects arrived; 7 need a decision');
  expect(text.replace(/\s+/g, ' ')).toContain(
    `Not readable at the source (7) ${exceptionAdvice['source-denied']}`,
  );
  expect(linesOf(text).filter((line) => line.startsWith('raw/'))).toHaveLength(5);
  expect(linesOf(text)).toContain('and 2 more');
  expect(linesOf(text)).toContain('All exceptions  file:///jobs/a/exceptions.jsonl.gz');
});

test('a key or a reason cannot control the terminal', () => {
  const text = summarise(exceptions, addresses);
  expect(text).toContain('raw/0\\u001b[31m\\n\n');
  expect(text.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
});

test('a failure says where, why and what to do, and claims no outcome', () => {
  const lines = linesOf(summarise(failure, addresses));
  expect(lines[0]).toBe('✗ The migration failed in Drain: Stalled');
  expect(lines.slice(1, 3)).toEqual(['No key moved for an hour.', 'Look at w-1.']);
  expect(lines.join(' ')).toContain('Nothing is lost: the messages stay in the queue.');
  expect(lines.join(' ')).toContain('Nothing is proven about what is at the destination.');
  expect(lines.some((line) => line.startsWith('Copied'))).toBe(false);
});

test('numbers that contradict each other are called so', () => {
  const text = summarise(sampleReport({ exceptionKinds: { corrupt: 1 } }), addresses);
  expect(text).toContain('Do not rely on this report.');
});

test('no line of our own words is wider than 88 cells, and colour changes nothing but colour', () => {
  for (const report of [base, exceptions, failure]) {
    const plain = summarise(report, addresses);
    expect(Math.max(...plain.split('\n').map((line) => line.length))).toBeLessThanOrEqual(88);
    expect(plain).not.toContain('\x1b');
    expect(summarise(report, addresses, true)).toContain('\x1b[');
    expect(stripVTControlCharacters(summarise(report, addresses, true))).toBe(plain);
  }
});
