import { describe, expect, test } from 'vitest';
import { renderReport } from '../../../core/report/render-html.ts';
import type { Report } from '../../../core/report/report.ts';
import { exceptionAdvice } from '../../../core/transfer/outcome.ts';
import { readerText, sampleReport, withExceptions } from './sample-report.ts';

const read = (changes: Partial<Report>) => readerText(renderReport(sampleReport(changes)));

describe('the page of a migration with exceptions', () => {
  test('says how many arrived and how many need a decision', () => {
    expect(read(withExceptions)).toContain('2,140 of 2,143 objects arrived; 3 need a decision');
  });

  test('groups them by kind, most frequent first, with the advice, and says how many are not shown', () => {
    const text = read(withExceptions);
    expect(text).toContain(`Archived at the source 2 ${exceptionAdvice['source-archived']}`);
    expect(text).toContain('1 of 2 objects of this kind');
    expect(text).toContain('raw/a.mov InvalidObjectState: GLACIER');
    expect(text).toContain('The one object of this kind');
    expect(text.indexOf('Archived at the source')).toBeLessThan(
      text.indexOf('Different bytes at the destination'),
    );
  });

  test('says where all of them are', () => {
    expect(read(withExceptions)).toContain('All 3 are in s3://jobs/archive-2026-11/exceptions.jsonl.gz');
  });

  test('never rounds a few exceptions among millions away', () => {
    const text = read({
      ...withExceptions,
      listed: { objects: 5_000_003, bytes: 5 },
      outcomes: {
        copied: { objects: 5_000_000, bytes: 5 },
        unchanged: { objects: 0, bytes: 0 },
        excluded: { objects: 0, bytes: 0 },
        exception: { objects: 3, bytes: 0 },
      },
    });
    expect(text).toContain('moved by this migration 5,000,000 > 99.9 %');
    expect(text).toContain('not at the destination as listed 3 < 0.1 %');
  });

  test('makes a key, a reason and an address with markup harmless text', () => {
    const attack = '<script>alert("1")</script><img src=x onerror=\'alert(2)\'>';
    const page = renderReport(
      sampleReport({
        ...withExceptions,
        migration: attack,
        source: { bucket: attack, prefix: attack, provider: attack, endpoint: attack },
        exceptions: [{ key: attack, kind: 'corrupt', reason: attack }],
        exceptionsFile: attack,
        requests: { source: { [attack]: 1 }, destination: {} },
        states: [{ name: attack, startedAt: '2026-11-23T08:21:22.000Z', seconds: 1 }],
      }),
    );
    expect(page).not.toMatch(/<script|<img/i);
    expect(readerText(page).split(attack).length - 1).toBeGreaterThanOrEqual(8);
  });

  test('shows keys that differ only in unseen characters as different, and marks what stands for them', () => {
    const keys = ['a', 'a ', 'a\u200b', 'a\n', 'a\u0001', 'a\u202e', 'a\\n', 'e\u0301', '\u00e9'];
    const page = renderReport(
      sampleReport({
        ...withExceptions,
        exceptions: keys.map((key) => ({ key, kind: 'corrupt', reason: 'r' })),
      }),
    );
    const shown = [...page.matchAll(/<tr><td><code><bdi>(.*?)<\/bdi>/g)].map(([, key]) => key);
    expect(shown).toEqual([
      'a',
      'a<mark>\\u0020</mark>',
      'a<mark>\\u200b</mark>',
      'a<mark>\\n</mark>',
      'a<mark>\\u0001</mark>',
      'a<mark>\\u202e</mark>',
      'a<mark>\\\\</mark>n',
      'e<mark>\\u0301</mark>',
      'é',
    ]);
  });
});
