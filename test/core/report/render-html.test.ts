import { describe, expect, test } from 'vitest';
import { renderReport } from '../../../core/report/render-html.ts';
import type { Report } from '../../../core/report/report.ts';
import { readerText, sampleReport, withExceptions } from './sample-report.ts';

const none = { objects: 0, bytes: 0 };
const noProof = {
  rounds: 0,
  verified: 0,
  provenByChecksum: 0,
  provenBySize: 0,
  provenByContent: 0,
  kept: 0,
  missing: 0,
  different: 0,
  extra: 0,
  repaired: 0,
};
const read = (changes: Partial<Report> = {}) => readerText(renderReport(sampleReport(changes)));

const failed: Partial<Report> = {
  status: 'FAILED',
  error: {
    name: 'ListingFailed',
    message: '503 SlowDown on 25 attempts.\nLower source.requestsPerSecond.',
    state: 'List source',
  },
  outcomes: { copied: none, unchanged: none, excluded: none, exception: none },
  verification: noProof,
};

describe('the page of a success', () => {
  test('says first that every object arrived, then from where to where, how much, how long and how fast', () => {
    const text = read();
    const facts = [
      'Every one of 2,143 objects arrived',
      '2,100 objects (1.20 TiB) were copied and 43 were already at the destination.',
      'media-archive/raw/',
      'archive/ibm/',
      '1 h 12 min',
      '291 MiB/s',
    ];
    const places = facts.map((fact) => text.indexOf(fact, text.indexOf('Succeeded')));
    expect(places.every((place) => place >= 0)).toBe(true);
    expect(places).toEqual([...places].sort((a, b) => a - b));
  });

  test('shows outcomes that add up to what was listed, in objects and in bytes', () => {
    const text = read();
    expect(text).toContain('Sum of outcomes 2,143 100 % 1.21 TiB 1,331,439,861,760 B');
    expect(text).toContain('Listed at the source ✓ equals the sum 2,143 100 % 1.21 TiB 1,331,439,861,760 B');
  });

  test('counts requests a side and in total', () => {
    const text = read();
    expect(text).toContain('GetObject 2,310 0');
    expect(text).toContain('Together 2,322 3,309');
  });

  test('has no section of exceptions', () => {
    expect(read()).not.toContain('Exceptions');
  });

  test('shows billions and petabytes readably', () => {
    const text = read({
      listed: { objects: 1_200_000_000, bytes: 2_700_000_000_000_000 },
      outcomes: {
        copied: { objects: 1_200_000_000, bytes: 2_700_000_000_000_000 },
        unchanged: none,
        excluded: none,
        exception: none,
      },
    });
    expect(text).toContain('Every one of 1,200,000,000 objects arrived');
    expect(text).toContain('2.40 PiB 2,700,000,000,000,000 B');
  });
});

describe('the page of a failure', () => {
  test('says in which state, why, what to do, and that nothing is proven', () => {
    const text = read(failed);
    expect(text).toContain('The migration failed in List source: ListingFailed');
    expect(text).toContain('503 SlowDown on 25 attempts. Lower source.requestsPerSecond.');
    expect(text).toContain('What to do. The listing is kept up to its last checkpoint.');
    expect(text).toContain('The verification was not reached. Nothing is proven');
    expect(text).toContain('List source ✕ failed');
  });

  test('names no state that the report does not name', () => {
    const text = read({ ...failed, error: { name: 'Stalled', message: 'm' } });
    expect(text).toContain('The migration failed: Stalled');
    expect(text).not.toContain('✕ failed');
  });

  test('calls objects without an outcome open, and does not call a sum with them a check', () => {
    const text = read(failed);
    expect(text).toContain('Open listed, no verdict before the failure 2,143');
    expect(text).not.toContain('equals the sum');
  });

  test('shows what workers reported as reported, not as copied', () => {
    const text = read(failed);
    expect(text).toContain('Reported as copied 1.20 TiB 2,100 objects');
    expect(text).toContain('they stay at the destination');
  });
});

describe('the page of an unusual migration', () => {
  const empty: Partial<Report> = {
    listed: none,
    outcomes: { copied: none, unchanged: none, excluded: none, exception: none },
    verification: { ...noProof, rounds: 1 },
    throughput: [],
    states: [],
    requests: { source: {}, destination: {} },
    finishedAt: '2026-11-23T08:21:22.000Z',
    seconds: 0,
    source: null,
    destination: null,
  };

  test('says that there was nothing to migrate when nothing was listed', () => {
    const page = renderReport(sampleReport(empty));
    const text = readerText(page);
    expect(text).toContain('Nothing to migrate: the source listing shows no object');
    expect(text).toContain('No object was copied');
    expect(text).toContain('The migration entered no state.');
    expect(page).not.toMatch(/NaN|Infinity|undefined|null/);
  });

  test('draws no impossible number when everything took no time', () => {
    const page = renderReport(
      sampleReport({
        seconds: 0,
        finishedAt: '2026-11-23T08:21:22.000Z',
        throughput: [],
        states: [{ name: 'Validate', startedAt: '2026-11-23T08:21:22.000Z', seconds: 0 }],
      }),
    );
    expect(page).not.toMatch(/NaN|Infinity|undefined/);
    expect(readerText(page)).toContain('Validate');
  });

  test('shows a state that was entered several times on one line, with the sum of its times', () => {
    const startedAt = '2026-11-23T08:21:22.000Z';
    const text = read({
      states: [
        { name: 'Verify', startedAt, seconds: 60 },
        { name: 'Verify', startedAt, seconds: 30 },
      ],
    });
    expect(text).toMatch(/Verify 2 times.*1 min 30 s/);
  });

  test('warns before anything else when the numbers contradict each other', () => {
    const text = read({ listed: { objects: 2144, bytes: 1_331_439_861_760 } });
    expect(text).toContain('Do not rely on this report');
    expect(text).toContain(
      'add up to 2,143 objects and 1,331,439,861,760 bytes, but 2,144 objects and 1,331,439,861,760 bytes were listed',
    );
    expect(text).toContain('✕ does not equal the sum');
  });

  test('stays small when the throughput has tens of thousands of points', () => {
    const throughput = Array.from({ length: 20_000 }, (_, at) => ({
      startedAt: new Date(Date.parse('2026-11-23T08:21:22.000Z') + at * 60_000).toISOString(),
      seconds: 60,
      objects: 600,
      bytes: 60 * 1024 ** 2,
    }));
    const page = renderReport(sampleReport({ throughput }));
    expect(page.length).toBeLessThan(60_000);
    expect(readerText(page)).toContain('Peak 1.00 MiB/s, average while copying 1.00 MiB/s.');
    expect(readerText(page)).toContain('Peak 10 objects/s');
  });
});

test('the page needs nothing from outside and runs nothing', () => {
  const page = renderReport(sampleReport(withExceptions));
  expect(page).not.toMatch(/<(?:script|link rel="stylesheet"|img|iframe|object)|@import|url\(/i);
  expect(page.match(/(?:href|src)="(?!data:,)/g)).toBeNull();
  expect(page).toContain('<html lang="en">');
});

test('every tag that is opened is closed, in order', () => {
  const page = renderReport(sampleReport(withExceptions)).replace(/<style>[\s\S]*?<\/style>/, '');
  const open: string[] = [];
  for (const [, slash, name = '', self] of page.matchAll(/<(\/?)([a-z][a-z0-9]*)\b[^>]*?(\/?)>/g)) {
    if (name === 'meta' || name === 'link' || self === '/') continue;
    if (slash === '/') expect(open.pop()).toBe(name);
    else open.push(name);
  }
  expect(open).toEqual([]);
});
